package flowgrpc

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/telemetry"
)

// Stream is the policies alone as a grpc.StreamClientInterceptor.
func (c *Client) Stream(
	ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	if c.streams == nil {
		s, err := streamer(ctx, desc, cc, method, opts...)
		return s, failureOr(c.name, err)
	}
	o := &opening{c: c, ctx: ctx, opened: make(chan grpc.ClientStream, 1)}
	o.open = func(ctx context.Context, finish func(error)) (grpc.ClientStream, error) {
		return streamer(ctx, desc, cc, method, append(opts[:len(opts):len(opts)], grpc.OnFinish(finish))...)
	}
	returned := make(chan error, 1)
	go telemetry.Labeled(ctx, "client", c.name, func(ctx context.Context) {
		err := core.ErrAborted // should a policy end the goroutine
		defer func() { returned <- err }()
		err = core.Try(ctx, func(ctx context.Context) error { return c.streams.Do(ctx, o.task) })
	})
	select {
	case s := <-o.opened:
		return s, nil
	case err := <-returned:
		return o.end(err)
	}
}

// opening is one stream's way through a Client's policies.
//
// The mutex is held while the stream is being opened, so a policy that runs the task from two
// goroutines at once opens one stream.
type opening struct {
	c      *Client
	ctx    context.Context //nolint:containedctx // the caller's own, which bounds the stream's life
	open   func(ctx context.Context, finish func(error)) (grpc.ClientStream, error)
	opened chan grpc.ClientStream // has room for the one

	mu   sync.Mutex
	runs int
	over bool  // the policies have returned
	life *life // of the stream; nil unless it is open
	err  error // of the last run that did not open it
}

// life is a stream's, from its opening to its end.
type life struct {
	once    sync.Once
	ended   chan struct{} // closed when the stream is over
	outcome error         // what gRPC said of it; written before ended is closed

	ctx     context.Context //nolint:containedctx // its own, which ends with it at the latest
	release func()          // gives up ctx
}

// wait waits for the end of the stream. An interceptor further in may have put another in its place, of
// which gRPC does not tell; that is over with its context.
func (l *life) wait() {
	select {
	case <-l.ended:
	case <-l.ctx.Done():
		l.finish(l.ctx.Err())
		<-l.ended
	}
	l.release()
}

// finish is called by gRPC at the end of a stream, and of one that could not be opened.
func (l *life) finish(err error) {
	l.once.Do(func() {
		l.outcome = err
		close(l.ended)
	})
}

// task is what policies run: it lasts as long as the stream.
func (o *opening) task(ctx context.Context) error {
	l, err := o.try(ctx)
	if err != nil {
		return err
	}
	l.wait()
	return resilience.Permanent(failure(o.c.name, l.outcome))
}

// try opens the stream, unless it is open already.
//
// The policy's context ends when the policy returns, or has enough of waiting, but the stream goes on. So
// it has a context of its own, with the values of the policy's: it ends with the policy's until the stream is
// open, then with the caller's, and when the stream is over.
func (o *opening) try(ctx context.Context) (*life, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.life != nil:
		return o.life, nil
	case o.over:
		return nil, &misuseError{o.c.name, "a stream cannot be opened after its policies returned"}
	}
	own, cancel := o.bound(ctx)
	unbind := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	l := &life{ended: make(chan struct{})}
	s, err := o.open(o.numbered(own), l.finish)
	o.runs++
	if ended := !unbind(); ended || err != nil {
		cancel(nil)
		if ended { // the policy's context: gRPC saw no more than that its own was cancelled
			err = ctx.Err()
		}
		return nil, o.failed(err)
	}
	unbind = context.AfterFunc(o.ctx, func() {
		if o.ctx.Err() == context.Canceled { // its deadline is the stream's own as well
			cancel(context.Cause(o.ctx))
		}
	})
	l.ctx, l.release = own, func() {
		unbind()
		cancel(nil)
	}
	o.life = l
	o.opened <- s
	return l, nil
}

// bound is a context with the values of ctx and the deadline of the caller's, which gRPC tells the server.
func (o *opening) bound(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	deadline, ok := o.ctx.Deadline()
	if !ok {
		return own, cancel
	}
	own, stop := context.WithDeadline(own, deadline)
	context.AfterFunc(own, stop)
	return own, cancel
}

// numbered tells of attempts before this one.
func (o *opening) numbered(ctx context.Context) context.Context {
	if o.runs == 0 {
		return ctx
	}
	ctx = context.WithValue(ctx, attemptKey{}, o.runs+1)
	return metadata.AppendToOutgoingContext(ctx, "grpc-previous-rpc-attempts", strconv.Itoa(o.runs))
}

// failed notes why the stream was not opened, and gives what policies are told.
func (o *opening) failed(err error) error {
	o.err = failureOr(o.c.name, err)
	return o.err
}

// end gives the outcome of a stream that was not opened, or was and is over already, when policies
// returned err.
func (o *opening) end(err error) (grpc.ClientStream, error) {
	select {
	case s := <-o.opened:
		return s, nil
	default:
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	switch {
	case err == nil:
		return nil, local(o.c.name, &misuseError{o.c.name, "a policy did not open the stream"})
	case o.err != nil && errors.Is(err, o.err):
		return nil, o.err
	}
	return nil, local(o.c.name, err)
}
