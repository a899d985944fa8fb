package flowgrpc_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
)

func TestACallOverTheLimitIsResourceExhaustedAndTellsWhenToComeBack(t *testing.T) {
	t.Parallel()
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerMinute(6), Burst: 1})
	g := newGuard(t, flowgrpc.GuardConfig{}, flowgrpc.WithLimit(clients))
	c := serve(t, &service{}, g.ServerOptions())
	if _, err := c.EmptyCall(t.Context(), &pb.Empty{}); err != nil {
		t.Fatal(err)
	}
	var trailer metadata.MD
	_, err := c.EmptyCall(t.Context(), &pb.Empty{}, grpc.Trailer(&trailer))
	wantCode(t, err, codes.ResourceExhausted)
	retry, quota := details(err)
	if got := retry.GetRetryDelay().AsDuration(); got <= 0 || got > 10*time.Second {
		t.Errorf("RetryInfo %v, want up to 10s", got)
	}
	if got := quota.GetViolations(); len(got) != 1 || got[0].GetSubject() != "clients" {
		t.Errorf("QuotaFailure %v, want one of clients", got)
	}
	if len(trailer["grpc-retry-pushback-ms"]) != 1 || trailer.Get("goflow-refused")[0] != core.TypeRateLimited {
		t.Errorf("trailer %v, want a pushback and the class", trailer)
	}
}

// An overload limit refuses everything from its hard bound on, which one goroutine is past.
func TestWhatAnOverloadedProcessRefusesIsUnavailableAndMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	o, err := limit.NewOverload("api", limit.OverloadConfig{HardGoroutines: 1, Interval: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	c := serve(t, &service{}, newGuard(t, flowgrpc.GuardConfig{}, flowgrpc.WithPolicies(o)).ServerOptions())
	for o.Rejection(limit.Critical) < 1 {
		<-time.After(time.Millisecond)
	}
	_, err = c.EmptyCall(t.Context(), &pb.Empty{})
	wantCode(t, err, codes.Unavailable)
	if retry, _ := details(err); retry.GetRetryDelay().AsDuration() <= 0 {
		t.Errorf("RetryInfo %v, want a delay", retry)
	}
}

func TestTheCodeOfARefusalSaysWhy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		opt   flowgrpc.GuardOption
		want  codes.Code
		retry bool
		push  string
	}{
		{"a limit as policy", flowgrpc.WithPolicies(refusing(&limit.RejectedError{Limiter: "all", Decision: limit.Decision{RetryAfter: 1500 * time.Microsecond}})), codes.ResourceExhausted, true, "2"},
		{"a wait too long for a client to hang in", flowgrpc.WithPolicies(refusing(&limit.RejectedError{Decision: limit.Decision{RetryAfter: time.Hour}})), codes.ResourceExhausted, true, "-1"},
		{"an open breaker", flowgrpc.WithPolicies(refusing(&resilience.OpenError{})), codes.Unavailable, true, "0"},
		{"a full queue", flowgrpc.WithPolicies(refusing(&limit.FullError{})), codes.Unavailable, false, ""},
		{"a policy that timed out", flowgrpc.WithPolicies(refusing(&resilience.TimeoutError{})), codes.DeadlineExceeded, false, ""},
		{"a policy that gave up", flowgrpc.WithUnaryPolicies(refusing(context.Canceled)), codes.Canceled, false, ""},
		{"a policy that skipped the handler", flowgrpc.WithPolicies(refusing(nil)), codes.Unavailable, false, ""},
		{"a limiter that failed", flowgrpc.WithLimit(fakeLimiter{err: errBoom}), codes.Unavailable, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, &service{empty: func(context.Context) error {
				t.Error("the handler ran")
				return nil
			}}, newGuard(t, flowgrpc.GuardConfig{}, c.opt).ServerOptions())
			var trailer metadata.MD
			_, err := client.EmptyCall(t.Context(), &pb.Empty{}, grpc.Trailer(&trailer))
			wantCode(t, err, c.want)
			if retry, _ := details(err); (retry != nil) != c.retry {
				t.Errorf("RetryInfo %v, want one: %v", retry, c.retry)
			}
			if got := strings.Join(trailer["grpc-retry-pushback-ms"], ","); got != c.push {
				t.Errorf("pushback %q, want %q", got, c.push)
			}
			if strings.Contains(err.Error(), "boom") {
				t.Errorf("%v tells of the server's inside", err)
			}
		})
	}
}

func TestALimiterThatFailsMayLetCallsPass(t *testing.T) {
	t.Parallel()
	g := newGuard(t, flowgrpc.GuardConfig{OnLimiterError: flowgrpc.FailOpen}, flowgrpc.WithLimit(fakeLimiter{err: errBoom}))
	if _, err := serve(t, &service{}, g.ServerOptions()).EmptyCall(t.Context(), &pb.Empty{}); err != nil {
		t.Error(err)
	}
}

func TestAPanicIsInternalWithoutItsTextAndGivesItsPermitBack(t *testing.T) {
	t.Parallel()
	var told string
	permits := &gauge{told: make(chan error, 2)}
	g := newGuard(t, flowgrpc.GuardConfig{}, flowgrpc.WithPolicies(permits),
		flowgrpc.WithOnPanic(func(_ context.Context, method string, p *core.PanicError) { told = method + ": " + p.Error() }))
	c := serve(t, &service{
		empty: func(context.Context) error { panic("secret") },
		duplex: func(grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
			panic("secret")
		},
	}, g.ServerOptions())
	_, err := c.EmptyCall(t.Context(), &pb.Empty{})
	wantCode(t, err, codes.Internal)
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the client sees %v", err)
	}
	if got := <-permits.told; core.ErrorType(got) != core.TypePanic {
		t.Errorf("policies were told %v, want a panic", got)
	}
	if want := "/grpc.testing.TestService/EmptyCall: core: task panicked: secret"; told != want {
		t.Errorf("the hook was told %q, want %q", told, want)
	}
	s, err := c.FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Recv()
	wantCode(t, err, codes.Internal)
	<-permits.told
	if got := permits.inUse.Load(); got != 0 {
		t.Errorf("%d permits in use, want 0", got)
	}
}

func TestAPanicOnTheWayToTheHandlerIsContainedToo(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]flowgrpc.GuardOption{
		"of a key function": {flowgrpc.WithLimit(fakeLimiter{}), flowgrpc.WithKey(func(context.Context, string) string { panic("secret") })},
		"of a policy":       {flowgrpc.WithPolicies(core.PolicyFunc(func(context.Context, core.Task) error { panic("secret") }))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := serve(t, &service{}, newGuard(t, flowgrpc.GuardConfig{}, opts...).ServerOptions()).EmptyCall(t.Context(), &pb.Empty{})
			wantCode(t, err, codes.Internal)
		})
	}
}

func TestPoliciesAreToldOfFailuresAndNotOfAnswersThatBlameTheCaller(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{status.Error(codes.InvalidArgument, "x"), ""},
		{status.Error(codes.NotFound, "x"), ""},
		{status.Error(codes.Unavailable, "x"), core.TypeUnavailable},
		{status.Error(codes.Internal, "x"), core.TypeOther},
		{errBoom, core.TypeOther},
		{status.Error(codes.ResourceExhausted, "x"), core.TypeRateLimited},
		{context.DeadlineExceeded, core.TypeTimeout},
		{context.Canceled, core.TypeCanceled},
	} {
		permits := &gauge{told: make(chan error, 1)}
		client := serve(t, &service{empty: func(context.Context) error { return c.err }},
			newGuard(t, flowgrpc.GuardConfig{}, flowgrpc.WithPolicies(permits)).ServerOptions())
		_, err := client.EmptyCall(t.Context(), &pb.Empty{})
		if want := status.Code(c.err); c.err == nil && err != nil || want != codes.Unknown && status.Code(err) != want {
			t.Errorf("%v: the client got %v", c.err, err)
		}
		if got := core.ErrorType(<-permits.told); got != c.want {
			t.Errorf("%v: policies were told %q, want %q", c.err, got, c.want)
		}
	}
}

func TestAHandlerRunsAtMostOnce(t *testing.T) {
	t.Parallel()
	runs := 0
	c := serve(t, &service{empty: func(context.Context) error { runs++; return nil }},
		newGuard(t, flowgrpc.GuardConfig{}, flowgrpc.WithPolicies(again(3))).ServerOptions())
	if _, err := c.EmptyCall(t.Context(), &pb.Empty{}); err != nil || runs != 1 {
		t.Errorf("ran %d times (%v), want once, and its answer", runs, err)
	}
}

func TestATimeoutPolicyIsTheMostACallMayTake(t *testing.T) {
	t.Parallel()
	timeout, err := resilience.NewTimeout("calls", resilience.TimeoutConfig{Timeout: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(timeout.Close)
	c := serve(t, &service{empty: func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}}, newGuard(t, flowgrpc.GuardConfig{}, flowgrpc.WithUnaryPolicies(timeout)).ServerOptions())
	_, err = c.EmptyCall(t.Context(), &pb.Empty{})
	wantCode(t, err, codes.DeadlineExceeded)
	if got := timeout.Stats().TimedOut; got != 1 {
		t.Errorf("the timeout counted %d, want 1", got)
	}
}

func TestACallWhoseDeadlineHasPassedIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		want codes.Code
	}{
		"its deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithDeadline(ctx, time.Now().Add(-time.Second))
		}, codes.DeadlineExceeded},
		"its caller": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}, codes.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := c.end(t.Context())
			defer cancel()
			permits := &gauge{}
			_, err := newGuard(t, flowgrpc.GuardConfig{}, flowgrpc.WithPolicies(permits)).Unary(ctx, nil,
				&grpc.UnaryServerInfo{FullMethod: "/a/b"}, func(context.Context, any) (any, error) {
					t.Error("the handler ran")
					return nil, nil
				})
			wantCode(t, err, c.want)
			if permits.admitted.Load() != 0 {
				t.Error("it took a permit")
			}
		})
	}
}

func TestADeadlineThatPassesInAPolicyKeepsTheHandlerFromRunning(t *testing.T) {
	t.Parallel()
	wait := core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		<-ctx.Done()
		return task(ctx)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := newGuard(t, flowgrpc.GuardConfig{}, flowgrpc.WithPolicies(wait)).Unary(ctx, nil,
		&grpc.UnaryServerInfo{FullMethod: "/a/b"}, func(context.Context, any) (any, error) {
			t.Error("the handler ran")
			return nil, nil
		})
	wantCode(t, err, codes.DeadlineExceeded)
}

func TestServicesAreExemptOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	none := flowgrpc.WithPolicies(refusing(&limit.FullError{}))
	_, err := serve(t, &service{}, newGuard(t, flowgrpc.GuardConfig{}, none).ServerOptions()).EmptyCall(t.Context(), &pb.Empty{})
	wantCode(t, err, codes.Unavailable)
	g := newGuard(t, flowgrpc.GuardConfig{}, none, flowgrpc.WithLimit(fakeLimiter{err: errBoom}), flowgrpc.WithExempt("grpc.testing.TestService"))
	c := serve(t, &service{unary: func(context.Context, *pb.SimpleRequest) (*pb.SimpleResponse, error) { panic("secret") }}, g.ServerOptions())
	if _, err := c.EmptyCall(t.Context(), &pb.Empty{}); err != nil {
		t.Errorf("an exempt service: %v", err)
	}
	_, err = c.UnaryCall(t.Context(), &pb.SimpleRequest{})
	wantCode(t, err, codes.Internal)
}

func TestABadGuardConfigNamesItsFields(t *testing.T) {
	t.Parallel()
	_, err := flowgrpc.NewGuard("", flowgrpc.GuardConfig{OnLimiterError: 9, Messages: 9, TrustedProxies: make([]netip.Prefix, 1)},
		flowgrpc.WithKey(func(context.Context, string) string { return "" }))
	for _, want := range []string{"name", "OnLimiterError", "Messages", "TrustedProxies[0]", "WithKey"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if !errors.Is(err, core.ErrInvalid) {
		t.Errorf("%v is not core.ErrInvalid", err)
	}
}
