package flowhttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/goflow-go/goflow/core/resilience"
)

// exchange is one request's way through a Transport's policies: any number of attempts, in turn or
// at once, of which at most one answer is kept.
type exchange struct {
	t *Transport
	r *http.Request

	turn chan struct{} // holds one while an attempt is made; nil when they may be made at once

	mu      sync.Mutex
	done    bool    // there is no further attempt: runs are told final. Set by who has the turn
	final   error   // outcome, as one not to retry. Set by who has the turn
	outcome error   // of the last attempt, if done
	sent    int     // attempts made
	ended   bool    // the policies have returned
	kept    *answer // a success if there was one, else the last
	lastErr error   // of the last attempt that got no answer
}

// answer is a response and what policies were told of it.
type answer struct {
	res  *http.Response
	body *heldBody
	told error
}

func newExchange(t *Transport, r *http.Request) *exchange {
	x := &exchange{t: t, r: r}
	if !copies(r) || !t.repeatable(r) {
		x.turn = make(chan struct{}, 1)
	}
	return x
}

// attempt is the task policies run.
func (x *exchange) attempt(ctx context.Context) error {
	if x.turn == nil {
		return x.send(ctx)
	}
	select {
	case x.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-x.turn }()
	if x.done {
		return x.final
	}
	err := x.send(ctx)
	if copies(x.r) && x.t.undone(err) {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.done, x.final, x.outcome = true, resilience.Permanent(err), err
	return x.final
}

// begin numbers an attempt, from 0.
func (x *exchange) begin() (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ended {
		return 0, &misuseError{x.t.name, "a request cannot be sent after its policies returned"}
	}
	x.sent++
	return x.sent - 1, nil
}

// send makes an attempt.
func (x *exchange) send(ctx context.Context) error {
	n, err := x.begin()
	if err != nil {
		return err
	}
	body := x.r.Body
	if n > 0 {
		x.replace(nil)
		if hasBody(x.r) {
			copied, err := x.r.GetBody()
			if err != nil {
				return fmt.Errorf("flowhttp: %q: body cannot be sent again: %w", x.t.name, err)
			}
			body = copied
		}
		ctx = context.WithValue(ctx, resendKey{}, n)
	}
	a, err := x.t.send(ctx, x.r, body)
	if err != nil {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.lastErr = err
		return err
	}
	x.replace(a)
	return a.told
}

// replace keeps a instead of what was kept, unless that was a success, and discards the other.
func (x *exchange) replace(a *answer) {
	x.mu.Lock()
	drop := x.kept
	if x.ended || drop != nil && drop.told == nil {
		drop = a
	} else {
		x.kept = a
	}
	x.mu.Unlock()
	x.t.discard(drop)
}

// end gives the request's outcome, when policies returned err.
func (x *exchange) end(err error) (*http.Response, error) {
	x.mu.Lock()
	x.ended = true
	sent, kept, lastErr := x.sent, x.kept, x.lastErr
	if x.done && err == x.final { //nolint:errorlint // the very one, and not what a policy made of it
		err = x.outcome
	}
	x.mu.Unlock()
	if sent == 0 && x.r.Body != nil {
		_ = x.r.Body.Close() // a RoundTripper always closes it
	}
	if kept != nil && (err == nil || kept.told != nil && errors.Is(err, kept.told)) {
		return kept.res, nil
	}
	x.t.discard(kept)
	switch {
	case err != nil:
		return nil, err
	case lastErr != nil:
		return nil, lastErr
	}
	return nil, &misuseError{x.t.name, "a policy did not send the request"}
}
