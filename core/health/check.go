package health

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/label"
)

// check is a Check in a registry.
type check struct {
	Check
	result Result
	busy   bool // its function runs
}

// launch starts the goroutine of a check, which is pending until it has run; the caller holds r.mu.
func (r *Registry) launch(c *check) {
	c.result = Result{Name: c.Name}
	r.loops++
	go label.Do(r.run, "check", c.Name, func(ctx context.Context) {
		defer func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.loops--
			r.settle()
		}()
		r.loop(ctx, c)
	})
}

// loop runs a check at once and then on every interval, until ctx ends.
func (r *Registry) loop(ctx context.Context, c *check) {
	ticker := time.NewTicker(r.cfg.Interval)
	defer ticker.Stop()
	for {
		status := r.once(ctx, c)
		if c.Group == Startup && status == Up {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// once runs a check and notes its outcome, at the timeout at the latest. It returns only when the
// function has, so that it never runs twice at a time.
func (r *Registry) once(ctx context.Context, c *check) Status {
	bounded, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	begin := time.Now()
	r.setBusy(c, true)
	defer r.setBusy(c, false)
	done := make(chan error, 1)
	go func() {
		err := core.ErrAborted // should the function end the goroutine
		defer func() { done <- err }()
		err = core.Try(bounded, c.Run)
	}()

	var err error
	returned := true
	select {
	case err = <-done:
	case <-bounded.Done():
		returned = false
	}
	status := Pending
	switch {
	case ctx.Err() != nil: // stopped: the outcome is about that, not about what is checked
	case bounded.Err() != nil:
		status = r.note(c, begin, fmt.Errorf("timed out after %v", r.cfg.Timeout))
	default:
		status = r.note(c, begin, err)
	}
	if !returned {
		<-done
	}
	return status
}

func (r *Registry) setBusy(c *check, busy bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.busy = busy
}

// note keeps the outcome of one run of a check.
func (r *Registry) note(c *check, begin time.Time, err error) Status {
	now := time.Now()
	status, text := Up, ""
	if err != nil {
		status, text = Down, shorten(fmt.Sprint(err)) // Sprint, because Error may panic
	}
	r.mu.Lock()
	last := c.result
	c.result.Status, c.result.Error = status, text
	c.result.Checked, c.result.Took = now, now.Sub(begin)
	if last.Status == status {
		r.mu.Unlock()
		return status
	}
	c.result.Since = now
	change := Change{
		Time: now, Group: c.Group, Check: c.Name,
		From: last.Status.String(), To: status.String(), Error: text,
	}
	r.remember(change)
	r.mu.Unlock()
	r.tell(change)
	return status
}

// maxError is how many bytes of a check's error are kept.
const maxError = 256

func shorten(text string) string {
	if len(text) > maxError {
		text = text[:maxError-len("...")] + "..."
	}
	return strings.ToValidUTF8(text, "?")
}
