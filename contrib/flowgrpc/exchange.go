package flowgrpc

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

// exchange is one unary call's way through a Client's policies: any number of attempts, in turn or at
// once, of which one answer is kept.
//
// No attempt outlives its call: end cancels those that still run and waits for them. So an attempt may
// write into the caller's reply, and does when no other runs; one beside it has a reply of its own, which is
// copied if it is the one to be kept.
type exchange struct {
	c          *Client
	method     string
	req, reply any
	cc         *grpc.ClientConn
	invoker    grpc.UnaryInvoker
	idempotent bool
	opts       []grpc.CallOption // without those that write to the caller's variables, which are:
	headers    []*metadata.MD
	trailers   []*metadata.MD
	peers      []*peer.Peer

	running sync.WaitGroup

	mu    sync.Mutex
	runs  int // attempts begun
	ended bool
	open  []*attempt // those that run
	last  *attempt   // the latest begun
	kept  *attempt   // a success if there was one, else the last to end
}

// attempt is one time the call is sent.
type attempt struct {
	n       int
	reply   any
	cancel  context.CancelFunc
	done    chan struct{}
	header  metadata.MD
	trailer metadata.MD
	peer    peer.Peer

	err  error // what the call returned; this and told are written before done is closed
	told error // what policies were told
}

// take sorts the caller's options.
func (x *exchange) take(opts []grpc.CallOption) {
	for _, opt := range opts {
		switch o := opt.(type) {
		case grpc.HeaderCallOption:
			x.headers = append(x.headers, o.HeaderAddr)
		case grpc.TrailerCallOption:
			x.trailers = append(x.trailers, o.TrailerAddr)
		case grpc.PeerCallOption:
			x.peers = append(x.peers, o.PeerAddr)
		default:
			x.opts = append(x.opts, opt)
		}
	}
}

// attempt is the task policies run.
func (x *exchange) attempt(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a, first, err := x.begin(cancel)
	switch {
	case err != nil:
		return err
	case first != nil:
		select {
		case <-first.done:
			return resilience.Permanent(first.told)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	defer x.running.Done()
	return x.send(ctx, a)
}

// begin makes an attempt, or gives the one that must not be followed by another.
func (x *exchange) begin(cancel context.CancelFunc) (a, first *attempt, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ended {
		return nil, nil, &misuseError{x.c.name, "a call cannot be sent after its policies returned"}
	}
	if x.last != nil && !x.again(x.last) {
		return nil, x.last, nil
	}
	a = &attempt{n: x.runs, reply: x.reply, cancel: cancel, done: make(chan struct{})}
	if len(x.open) > 0 || x.kept != nil && x.kept.told == nil {
		a.reply = fresh(x.reply)
	}
	x.runs++
	x.open, x.last = append(x.open, a), a
	x.running.Add(1)
	return a, nil, nil
}

// again says whether another attempt may follow a.
func (x *exchange) again(a *attempt) bool {
	if x.idempotent {
		return true
	}
	select {
	case <-a.done:
		return a.notStarted()
	default:
		return false
	}
}

// notStarted says whether the server certainly did not run the handler.
func (a *attempt) notStarted() bool {
	return a.err != nil && (a.peer.Addr == nil || len(a.trailer[refusedKey]) > 0)
}

// send sends the call, and gives what policies are told.
func (x *exchange) send(ctx context.Context, a *attempt) (told error) {
	if a.n > 0 {
		ctx = context.WithValue(ctx, attemptKey{}, a.n+1)
		ctx = metadata.AppendToOutgoingContext(ctx, "grpc-previous-rpc-attempts", strconv.Itoa(a.n))
	}
	err := core.ErrAborted // should an interceptor panic
	defer func() { told = x.finish(a, err) }()
	opts := slices.Concat(x.opts, []grpc.CallOption{grpc.Header(&a.header), grpc.Trailer(&a.trailer), grpc.Peer(&a.peer)})
	err = x.invoker(ctx, x.method, x.req, a.reply, x.cc, opts...)
	return nil
}

// finish notes how an attempt ended, and gives what policies are told.
func (x *exchange) finish(a *attempt, err error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	a.err, a.told = err, failure(x.c.name, err)
	close(a.done)
	x.open = slices.DeleteFunc(x.open, func(other *attempt) bool { return other == a })
	if x.kept == nil || x.kept.told != nil {
		x.kept = a
	}
	if a.told != nil && !x.again(a) {
		return resilience.Permanent(a.told)
	}
	return a.told
}

// end gives the call's outcome, when policies returned err.
func (x *exchange) end(err error) error {
	x.mu.Lock()
	x.ended = true
	kept := x.kept
	for _, a := range x.open {
		a.cancel()
	}
	x.mu.Unlock()
	x.running.Wait()
	if kept == nil {
		if err == nil {
			err = &misuseError{x.c.name, "a policy did not send the call"}
		}
		return local(x.c.name, err)
	}
	if err != nil && (kept.told == nil || !errors.Is(err, kept.told)) {
		return local(x.c.name, err)
	}
	x.deliver(kept)
	if kept.told != nil {
		return kept.told
	}
	return kept.err
}

// deliver gives the caller what came with an attempt.
func (x *exchange) deliver(a *attempt) {
	for _, to := range x.headers {
		*to = a.header
	}
	for _, to := range x.trailers {
		*to = a.trailer
	}
	for _, to := range x.peers {
		*to = a.peer
	}
	if a.reply != x.reply && a.err == nil {
		move(x.reply, a.reply)
	}
}

// fresh makes an empty message of the same type.
func fresh(m any) any {
	if p, ok := m.(proto.Message); ok {
		return p.ProtoReflect().New().Interface()
	}
	return reflect.New(reflect.TypeOf(m).Elem()).Interface()
}

// move fills a message with another of its type.
func move(to, from any) {
	if p, ok := to.(proto.Message); ok {
		proto.Reset(p)
		proto.Merge(p, from.(proto.Message))
		return
	}
	reflect.ValueOf(to).Elem().Set(reflect.ValueOf(from).Elem())
}
