package flowgrpc_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
)

func newRetry(t testing.TB, cfg resilience.RetryConfig) *resilience.Retry {
	t.Helper()
	cfg.BaseDelay, cfg.Budget = time.Millisecond, -1
	r, err := resilience.NewRetry("payments", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func always(string) bool { return true }

// told is a policy that keeps what its task returned.
func told(to *[]error) core.Policy {
	return core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		err := task(ctx)
		*to = append(*to, err)
		return err
	})
}

func TestPoliciesOfAClientAreToldWhatFailed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code codes.Code
		want string // class; "" when it is an answer
	}{
		{codes.OK, ""}, {codes.InvalidArgument, ""}, {codes.NotFound, ""}, {codes.AlreadyExists, ""}, {codes.PermissionDenied, ""},
		{codes.FailedPrecondition, ""}, {codes.Aborted, ""}, {codes.OutOfRange, ""}, {codes.Unimplemented, ""}, {codes.Unauthenticated, ""},
		{codes.Unavailable, core.TypeUnavailable}, {codes.DeadlineExceeded, core.TypeTimeout},
		{codes.ResourceExhausted, core.TypeRateLimited}, {codes.Canceled, core.TypeCanceled},
		{codes.Internal, core.TypeOther}, {codes.Unknown, core.TypeOther}, {codes.DataLoss, core.TypeOther},
	} {
		t.Run(c.code.String(), func(t *testing.T) {
			t.Parallel()
			var seen []error
			client := newClient(t, flowgrpc.WithPolicies(told(&seen)))
			_, err := serve(t, &service{empty: func(context.Context) error { return status.Error(c.code, "x") }}, nil,
				client.DialOptions()...).EmptyCall(t.Context(), &pb.Empty{})
			wantCode(t, err, c.code)
			if got := core.ErrorType(seen[0]); got != c.want {
				t.Errorf("policies were told %q, want %q", got, c.want)
			}
			if got := core.ErrorType(err); c.want != "" && got != c.want {
				t.Errorf("the caller was told %q, want %q", got, c.want)
			}
		})
	}
}

func TestTheDelayOfARetryInfoIsKnownToPoliciesAndCaller(t *testing.T) {
	t.Parallel()
	s, err := status.New(codes.Unavailable, "busy").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(3 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	var seen []error
	client := newClient(t, flowgrpc.WithPolicies(told(&seen)))
	_, err = serve(t, &service{empty: func(context.Context) error { return s.Err() }}, nil, client.DialOptions()...).EmptyCall(t.Context(), &pb.Empty{})
	for who, err := range map[string]error{"the caller": err, "the policy": seen[0]} {
		if got, ok := core.RetryAfter(err); !ok || got != 3*time.Second {
			t.Errorf("%s: %v says %v, want 3s", who, err, got)
		}
	}
	if failed, ok := errors.AsType[*flowgrpc.StatusError](err); !ok || failed.Name != "payments" || failed.Code != codes.Unavailable {
		t.Errorf("got %v, want a StatusError", err)
	}
}

func TestErrorsOfPoliciesHaveAStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want codes.Code
	}{
		{&limit.RejectedError{Limiter: "calls"}, codes.ResourceExhausted},
		{&resilience.OpenError{Breaker: "calls"}, codes.Unavailable},
		{&resilience.TimeoutError{}, codes.DeadlineExceeded},
		{context.Canceled, codes.Canceled},
		{nil, codes.Unavailable},
	} {
		client := newClient(t, flowgrpc.WithPolicies(refusing(c.err)))
		conn := serve(t, &service{}, nil, client.DialOptions()...)
		_, err := conn.EmptyCall(t.Context(), &pb.Empty{})
		wantCode(t, err, c.want)
		_, streamErr := conn.FullDuplexCall(t.Context())
		wantCode(t, streamErr, c.want)
		if c.err != nil && (!errors.Is(err, c.err) || !errors.Is(streamErr, c.err)) {
			t.Errorf("got %v and %v, want %v inside", err, streamErr, c.err)
		}
	}
}

func TestOnlyWhatMayRunTwiceIsSentTwice(t *testing.T) {
	t.Parallel()
	down := flowgrpc.WithPolicies(refusing(&resilience.OpenError{}))
	later, err := status.New(codes.ResourceExhausted, "x").WithDetails(&errdetails.RetryInfo{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		guard []flowgrpc.GuardOption
		err   error
		opts  []flowgrpc.ClientOption
		want  int64
	}{
		{"a failure of a method that is not idempotent", nil, status.Error(codes.Unavailable, "x"), nil, 1},
		{"of one that is", nil, status.Error(codes.Unavailable, "x"), []flowgrpc.ClientOption{flowgrpc.WithIdempotent(always)}, 3},
		{"a status with RetryInfo from further on", nil, later.Err(), nil, 1},
		{"an answer that blames the caller", nil, status.Error(codes.NotFound, "x"), []flowgrpc.ClientOption{flowgrpc.WithIdempotent(always)}, 1},
		{"a guard's refusal", []flowgrpc.GuardOption{down}, nil, nil, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			count := grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
				md, _ := metadata.FromIncomingContext(ctx)
				if n := sent.Add(1); (n > 1) != (len(md["grpc-previous-rpc-attempts"]) == 1) {
					t.Errorf("attempt %d has %v", n, md)
				}
				return h(ctx, req)
			})
			g := newGuard(t, flowgrpc.GuardConfig{}, c.guard...)
			client := newClient(t, append(c.opts, flowgrpc.WithPolicies(newRetry(t, resilience.RetryConfig{})))...)
			conn := serve(t, &service{empty: func(context.Context) error { return c.err }}, append([]grpc.ServerOption{count}, g.ServerOptions()...), client.DialOptions()...)
			if _, err := conn.EmptyCall(t.Context(), &pb.Empty{}); err == nil {
				t.Error("got no error")
			}
			if got := sent.Load(); got != c.want {
				t.Errorf("sent %d times, want %d", got, c.want)
			}
		})
	}
}

func TestWhatWasNeverSentMayBeSentAgain(t *testing.T) {
	t.Parallel()
	retry := newRetry(t, resilience.RetryConfig{})
	conn := connect(t, "passthrough:///127.0.0.1:1", newClient(t, flowgrpc.WithPolicies(retry)).DialOptions()...)
	_, err := pb.NewTestServiceClient(conn).EmptyCall(t.Context(), &pb.Empty{})
	wantCode(t, err, codes.Unavailable)
	if got := retry.Stats().Retries; got != 2 {
		t.Errorf("%d retries, want 2", got)
	}
}

func TestARefusedCallIsRetriedUntilItsPermitComes(t *testing.T) {
	t.Parallel()
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerSecond(20), Burst: 1})
	g := newGuard(t, flowgrpc.GuardConfig{}, flowgrpc.WithLimit(clients))
	client := newClient(t, flowgrpc.WithPolicies(newRetry(t, resilience.RetryConfig{})))
	c := serve(t, &service{}, g.ServerOptions(), client.DialOptions()...)
	start := time.Now()
	for range 3 {
		if _, err := c.EmptyCall(t.Context(), &pb.Empty{}); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(start); took < 80*time.Millisecond {
		t.Errorf("3 calls at 20/s took %v, want 100ms", took)
	}
}

func TestDeclaredIdempotentReadsTheProtoFile(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"/grpc.testing.TestService/EmptyCall", "/no.such/Method", "", "/", "no slash", "/grpc.testing.TestService/"} {
		if flowgrpc.DeclaredIdempotent(method) {
			t.Errorf("%q is idempotent, want not", method)
		}
	}
}

func TestHedgedAttemptsDoNotShareAReply(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	second := make(chan struct{})
	s := &service{unary: func(ctx context.Context, _ *pb.SimpleRequest) (*pb.SimpleResponse, error) {
		if sent.Add(1) == 1 {
			<-ctx.Done() // the client has given this one up
			return nil, ctx.Err()
		}
		close(second)
		return &pb.SimpleResponse{Username: "second"}, nil
	}}
	hedge, err := resilience.NewHedge("payments", resilience.HedgeConfig{After: time.Millisecond, Budget: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hedge.Close)
	c := serve(t, s, nil, newClient(t, flowgrpc.WithPolicies(hedge), flowgrpc.WithIdempotent(always)).DialOptions()...)
	var header, trailer metadata.MD
	var from peer.Peer
	res, err := c.UnaryCall(t.Context(), &pb.SimpleRequest{}, grpc.Header(&header), grpc.Trailer(&trailer), grpc.Peer(&from))
	if err != nil || res.GetUsername() != "second" {
		t.Errorf("got %v (%v), want the second", res, err)
	}
	if header == nil || from.Addr == nil {
		t.Errorf("header %v and peer %v, want those of the second", header, from.Addr)
	}
	<-second
}

func TestAHedgedCallThatIsNotIdempotentIsSentOnce(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	both := core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		other := make(chan error, 1)
		go func() { other <- task(ctx) }()
		err := task(ctx)
		return errors.Join(err, <-other)
	})
	c := serve(t, &service{empty: func(context.Context) error { sent.Add(1); return nil }}, nil,
		newClient(t, flowgrpc.WithPolicies(both)).DialOptions()...)
	if _, err := c.EmptyCall(t.Context(), &pb.Empty{}); err != nil || sent.Load() != 1 {
		t.Errorf("sent %d times (%v), want once", sent.Load(), err)
	}
}

func TestABadClientConfigNamesItsFields(t *testing.T) {
	t.Parallel()
	_, err := flowgrpc.NewClient("", flowgrpc.ClientConfig{Idempotent: []string{"/a.B/C", "/a.B/", "a.B/C", "/a"}})
	for _, want := range []string{"name", "Idempotent[2]", "Idempotent[3]"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

func TestTheConfigListsIdempotentMethods(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]int64{"/grpc.testing.TestService/EmptyCall": 3, "/grpc.testing.TestService/": 3, "/other/EmptyCall": 1} {
		client, err := flowgrpc.NewClient("payments", flowgrpc.ClientConfig{Idempotent: []string{list}}, flowgrpc.WithPolicies(newRetry(t, resilience.RetryConfig{})))
		if err != nil {
			t.Fatal(err)
		}
		var sent atomic.Int64
		c := serve(t, &service{empty: func(context.Context) error {
			sent.Add(1)
			return status.Error(codes.Unavailable, "x")
		}}, nil, client.DialOptions()...)
		_, err = c.EmptyCall(t.Context(), &pb.Empty{})
		wantCode(t, err, codes.Unavailable)
		if got := sent.Load(); got != want {
			t.Errorf("%s: sent %d times, want %d", list, got, want)
		}
	}
}
