package flowhttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
)

// exchange is one request's way through a Transport's policies: any number of attempts, in turn or
// at once, of which at most one answer is kept.
type exchange struct {
	t *Transport
	r *http.Request

	once chan struct{} // closed when the only attempt is over; nil when the body can be copied

	mu      sync.Mutex
	runs    int     // attempts begun
	ended   bool    // the policies have returned
	kept    *answer // a success if there was one, else the last
	lastErr error   // of the last attempt that got no answer
	onceErr error   // what the only attempt was told
}

// answer is a response and what policies were told of it.
type answer struct {
	res  *http.Response
	body *heldBody
	told error
}

func newExchange(t *Transport, r *http.Request) *exchange {
	x := &exchange{t: t, r: r}
	if x.hasBody() && r.GetBody == nil {
		x.once = make(chan struct{})
	}
	return x
}

func (x *exchange) hasBody() bool { return x.r.Body != nil && x.r.Body != http.NoBody }

// attempt is the task policies run.
func (x *exchange) attempt(ctx context.Context) error {
	n, err := x.begin()
	switch {
	case err != nil:
		return err
	case x.once == nil:
		return x.send(ctx, n)
	case n == 0:
		defer close(x.once)
		x.onceErr = x.send(ctx, n)
		return x.onceErr
	}
	select {
	case <-x.once:
		return x.onceErr
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// begin numbers an attempt, from 0.
func (x *exchange) begin() (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ended {
		return 0, &misuseError{x.t.name, "a request cannot be sent after its policies returned"}
	}
	x.runs++
	return x.runs - 1, nil
}

// send makes attempt n.
func (x *exchange) send(ctx context.Context, n int) error {
	body := x.r.Body
	if n > 0 {
		x.replace(nil)
		if x.hasBody() {
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
	runs, kept, lastErr := x.runs, x.kept, x.lastErr
	x.mu.Unlock()
	if runs == 0 && x.r.Body != nil {
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
