package flowgrpc

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/goflow-go/goflow/telemetry"
)

// serving is a Server from Start to Stop.
type serving struct {
	server   *grpc.Server
	listener net.Listener
	stopped  atomic.Bool   // Stop was called
	done     chan struct{} // closed when nothing is accepted any more
	calls    atomic.Int64  // in flight

	leaving context.Context //nolint:containedctx // ends when the server leaves
	depart  context.CancelCauseFunc
}

var errLeaving = status.Error(codes.Unavailable, "the server is stopping")

// newServing makes a gRPC server that counts its calls. What counts is outermost, so that a call is
// in flight as long as anything of it runs.
func newServing(opts []grpc.ServerOption) *serving {
	r := &serving{done: make(chan struct{})}
	r.leaving, r.depart = context.WithCancelCause(context.Background())
	counting := []grpc.ServerOption{grpc.ChainUnaryInterceptor(r.unary), grpc.ChainStreamInterceptor(r.stream)}
	r.server = grpc.NewServer(append(counting, opts...)...)
	return r
}

func (r *serving) unary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	r.calls.Add(1)
	defer r.calls.Add(-1)
	return handler(ctx, req)
}

func (r *serving) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if info.FullMethod == healthpb.Health_Watch_FullMethodName {
		return r.watch(srv, ss, handler)
	}
	r.calls.Add(1)
	defer r.calls.Add(-1)
	return handler(srv, ss)
}

// watch serves a call that lasts until its client, or the server, leaves.
func (r *serving) watch(srv any, ss grpc.ServerStream, handler grpc.StreamHandler) error {
	ctx, cancel := context.WithCancelCause(ss.Context())
	defer cancel(nil)
	defer context.AfterFunc(r.leaving, func() { cancel(errLeaving) })()
	return handler(srv, &boundStream{ss, ctx})
}

// leave waits for the calls in flight, as long as ctx lasts.
func (r *serving) leave(ctx context.Context, name string) error {
	r.stopped.Store(true)
	r.depart(errLeaving)
	graceful := make(chan struct{})
	go telemetry.Labeled(ctx, "server", name, func(context.Context) {
		defer close(graceful)
		r.server.GracefulStop()
	})
	select {
	case <-graceful:
		<-r.done
		return nil
	case <-ctx.Done():
	}
	cut := r.calls.Load()
	r.server.Stop()
	<-r.done
	if cut == 0 {
		return nil
	}
	return fmt.Errorf("%d calls cut off: %w", cut, context.Cause(ctx))
}
