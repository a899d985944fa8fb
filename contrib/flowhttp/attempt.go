package flowhttp

import (
	"context"
	"io"
	"net/http"
	"time"
)

// send makes one attempt under ctx.
//
// A policy's context ends when the policy returns, but the answer's body is read after that. So an
// attempt has a context of its own, with the values of the policy's: it ends with the policy's until
// the answer is there, then with the request's, and when the body is closed.
func (t *Transport) send(ctx context.Context, r *http.Request, body io.ReadCloser) (*answer, error) {
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	unbind := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	attempt := r.WithContext(own)
	attempt.Body = body
	res, err := t.traced.RoundTrip(attempt)
	if err != nil {
		unbind()
		cancel(nil)
		return nil, err
	}
	if !unbind() { // the policy's context ended just now
		_ = res.Body.Close()
		return nil, context.Cause(ctx)
	}
	request := r.Context()
	unbind = context.AfterFunc(request, func() { cancel(context.Cause(request)) })
	held := &heldBody{ReadCloser: res.Body, cancel: cancel, unbind: unbind}
	res.Body = held
	if w, ok := held.ReadCloser.(io.Writer); ok { // the server switched protocols
		res.Body = struct {
			*heldBody
			io.Writer
		}{held, w}
	}
	return &answer{res: res, body: held, told: failure(t.name, res)}, nil
}

// heldBody is an answer's body that keeps its attempt's context alive until it is closed.
type heldBody struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
	unbind func() bool
}

func (b *heldBody) Close() error {
	err := b.ReadCloser.Close()
	b.unbind()
	b.cancel(nil)
	return err
}

// drainTime is how long an abandoned answer may take to be read.
const drainTime = 100 * time.Millisecond

// discard closes an answer that is not returned. It reads what is left when that is little, because
// only a connection whose answer was read to its end can be used again.
func (t *Transport) discard(a *answer) {
	if a == nil {
		return
	}
	if a.res.ContentLength <= t.maxDrain {
		timer := time.AfterFunc(drainTime, func() { a.body.cancel(nil) })
		defer timer.Stop()
		_, _ = io.CopyN(io.Discard, a.body, t.maxDrain) // whatever it gives, it is not wanted
	}
	_ = a.body.Close()
}
