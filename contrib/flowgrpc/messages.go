package flowgrpc

import (
	"context"
	"errors"
	"sync"

	"google.golang.org/grpc"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// take takes a permit of key's at once.
func (g *Guard) take(ctx context.Context, key string) (refusal, bool) {
	d, err := g.limiter.Take(ctx, key, 1)
	switch {
	case err == nil && d.Allowed:
		return refusal{}, true
	case err == nil:
		return denied(g.quota, d), false
	case g.onError == FailOpen:
		failed(ctx, core.ErrorType(err))
		return refusal{}, true
	}
	return refusalOf(err), false
}

// pace waits for a permit of key's.
func (g *Guard) pace(ctx context.Context, key string) (refusal, bool) {
	pace, _ := limit.Pace(share{g, key}).(core.Admitter) // as documented
	_, err := pace.Admit(ctx)
	if err == nil {
		return refusal{}, true
	}
	if _, limited := errors.AsType[*limit.RejectedError](err); !limited && ctx.Err() == nil && g.onError == FailOpen {
		failed(ctx, core.ErrorType(err))
		return refusal{}, true
	}
	return refusalOf(err), false
}

// share is one key's share of a guard's limiter.
type share struct {
	guard *Guard
	key   string
}

func (s share) Take(ctx context.Context, n int) (limit.Decision, error) {
	return s.guard.limiter.Take(ctx, s.key, n)
}

func (s share) Name() string { return s.guard.quota }

// boundStream is a stream under the context a policy gave.
type boundStream struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // grpc.ServerStream hands its context out
}

func (s *boundStream) Context() context.Context { return s.ctx }

// meteredStream takes a permit for each message after the first, whose permit is the stream's own. Its
// context ends with the first message that got none.
type meteredStream struct {
	boundStream
	guard  *Guard
	key    string
	cancel context.CancelCauseFunc

	received bool // a message; touched by the one goroutine that may receive

	mu      sync.Mutex
	refused error
}

func newMeteredStream(ctx context.Context, g *Guard, ss grpc.ServerStream, key string) *meteredStream {
	ctx, cancel := context.WithCancelCause(ctx)
	return &meteredStream{boundStream: boundStream{ss, ctx}, guard: g, key: key, cancel: cancel}
}

// RecvMsg receives a message, and takes its permit.
func (s *meteredStream) RecvMsg(m any) error {
	if err := s.outcome(nil); err != nil {
		return err
	}
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	if !s.received {
		s.received = true
		return nil
	}
	claim := s.guard.take
	if s.guard.messages == MessagesPace {
		claim = s.guard.pace
	}
	if r, ok := claim(s.ctx, s.key); !ok {
		s.refuse(r)
	}
	return s.outcome(nil)
}

// refuse ends the stream. It was started, so nothing says otherwise to who might send it again.
func (s *meteredStream) refuse(r refusal) {
	failed(s.ctx, r.class)
	err := r.err("the stream was ended: no permit for its next message")
	s.mu.Lock()
	s.refused = err
	s.mu.Unlock()
	s.cancel(err)
}

// outcome is why the stream was ended, or what the handler returned.
func (s *meteredStream) outcome(returned error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused != nil {
		return s.refused
	}
	return returned
}
