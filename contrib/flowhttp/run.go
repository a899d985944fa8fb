package flowhttp

import (
	"context"
	"net/http"
	"sync"
)

// run is one request's way through the policies.
//
// The mutex is held while the handler runs. So a policy that runs the task from two goroutines at
// once (a hedge) finds, on the second, that the handler has run; and over returns only when no
// handler is running any more, and lets none start after it, so that none ever writes to a response
// the server has taken back.
type run struct {
	m    *Middleware
	w    http.ResponseWriter
	r    *http.Request
	next http.Handler

	mu     sync.Mutex
	sealed bool // the handler has started, or may not any more
}

// task is what policies run.
func (x *run) task(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.sealed {
		return &misuseError{x.m.name, "a handler cannot run twice, or after its policies returned"}
	}
	x.sealed = true
	if ctx == x.r.Context() {
		return x.m.serve(x.w, x.r, x.next)
	}
	r := x.r.WithContext(ctx)
	defer func() {
		// What handlers leave in the request for those outside: the matched pattern, and the
		// form whose temporary files the server removes.
		x.r.Pattern, x.r.MultipartForm = r.Pattern, r.MultipartForm
	}()
	return x.m.serve(x.w, r, x.next)
}

// over ends the run, and reports whether the handler has started.
func (x *run) over() (started bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	started, x.sealed = x.sealed, true
	return started
}
