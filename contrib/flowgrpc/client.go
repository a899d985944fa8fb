package flowgrpc

import (
	"context"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/goflow-go/goflow/core"
)

// Client makes gRPC calls under policies. Make one with [NewClient] and give its [Client.DialOptions] to
// grpc.NewClient. It is safe for concurrent use.
//
// From the outside in: the policies of [WithPolicies] and, when the call is unary, of
// [WithUnaryPolicies]; otelgrpc's client span and metrics, one for each attempt, which also carry the
// trace to the server. Deadlines travel with the context, as always with gRPC.
//
// # What policies see
//
// A call that fails is told to the policies as a [*StatusError], whose class says how; codes that blame
// the caller (InvalidArgument, NotFound and the like) are an answer, and no failure. When the error is
// what they return in the end, the caller gets it too, and every other error of a policy with a status
// of its class: ResourceExhausted, DeadlineExceeded, Canceled, or else Unavailable. So status.Code,
// errors.Is and core.RetryAfter all say what they should.
//
// # More than one attempt
//
// A policy may run a unary call again, or two at once. It is sent again only
//
//   - when it is idempotent: its proto file says so (see [DeclaredIdempotent]), or [WithIdempotent];
//   - when the attempt before it was never sent, because there was no connection;
//   - when a [Guard] refused the attempt before it, and so did not run the handler. The trailer
//     goflow-refused says so. A status alone does not, not even with a RetryInfo: servers hand
//     on the status of those they call themselves.
//
// Otherwise a further run is told the outcome of the first, which no retry retries. An attempt's number is
// on its span from the second on, and in the metadata grpc-previous-rpc-attempts. With policies, gRPC's
// own retries (of a service config) are off, so that attempts do not multiply; the transparent ones, of
// calls the server never saw, are not.
//
// # Streams
//
// Policies admit the opening of a stream, and may try again as long as it is not open. From then on
// the stream is one run of the task: permits are held until it ends, and its outcome is told once. The
// contexts policies give (with a timeout, say) bound the opening; the stream's life is bounded by the
// caller's own. A stream ends when its last message or its error was received, or its context ended; so
// one that is not read to its end must have its context cancelled. Under policies it has a goroutine until it
// ends.
type Client struct {
	name       string
	unary      core.Policy // nil: none
	streams    core.Policy // nil: none
	idempotent func(fullMethod string) bool
	traced     stats.Handler
}

// NewClient makes a Client. The name is its errors' subject. A wrong config is an error that names every
// field at fault.
func NewClient(name string, cfg ClientConfig, opts ...ClientOption) (*Client, error) {
	if err := core.Configure("flowgrpc", name, cfg.Validate()); err != nil {
		return nil, err
	}
	o := clientOptions{idempotent: DeclaredIdempotent}
	for _, opt := range opts {
		if opt != nil {
			opt.applyClient(&o)
		}
	}
	return &Client{
		name:       name,
		unary:      o.forUnary(),
		streams:    o.forStreams(),
		idempotent: cfg.idempotent(o.idempotent),
		traced:     otelgrpc.NewClientHandler(o.otelgrpc()...),
	}, nil
}

// Name is the name the client was made with.
func (c *Client) Name() string { return c.name }

// DialOptions puts the policies, and otelgrpc's span and metrics, around every call of a
// grpc.ClientConn. Interceptors of options after these run once for each attempt.
func (c *Client) DialOptions() []grpc.DialOption {
	opts := []grpc.DialOption{
		grpc.WithStatsHandler(c.traced),
		grpc.WithStatsHandler(numbering{}),
		grpc.WithChainUnaryInterceptor(c.Unary),
		grpc.WithChainStreamInterceptor(c.Stream),
	}
	if c.unary != nil {
		opts = append(opts, grpc.WithDisableRetry())
	}
	return opts
}

// Unary is the policies alone as a grpc.UnaryClientInterceptor.
func (c *Client) Unary(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	if c.unary == nil {
		return failureOr(c.name, invoker(ctx, method, req, reply, cc, opts...))
	}
	x := &exchange{c: c, method: method, req: req, reply: reply, cc: cc, invoker: invoker, idempotent: c.idempotent(method)}
	x.take(opts)
	return x.end(c.unary.Do(ctx, x.attempt))
}

// failureOr is err as policies would be told of it, and as it is when it is no failure.
func failureOr(name string, err error) error {
	if told := failure(name, err); told != nil {
		return told
	}
	return err
}
