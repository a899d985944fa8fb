package health

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/label"
)

// check is a Check in a registry, its defaults filled in.
type check struct {
	Check
	result  Result
	streaks streaks
	history []Run // the latest, oldest first
	busy    bool  // its function runs
}

// launch starts the goroutine of a check, which is pending until it has run; the caller holds r.mu.
func (r *Registry) launch(c *check) {
	c.result, c.streaks = Result{Name: c.Name}, streaks{}
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
	ticker := time.NewTicker(c.Interval)
	defer ticker.Stop()
	for {
		status, late := r.once(ctx, c, ticker.C)
		if c.Group == Startup && status.works() || ctx.Err() != nil {
			return
		}
		if late {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// once runs a check and notes its outcome, at the timeout at the latest. It returns only when the
// function has, so that it never runs twice at a time; late is whether a tick passed meanwhile.
func (r *Registry) once(ctx context.Context, c *check, ticks <-chan time.Time) (status Status, late bool) {
	bounded, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	begin := time.Now()
	r.setBusy(c, true)
	defer r.setBusy(c, false)
	done := make(chan error, 1)
	go func() { // labels: inherited
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
	if ctx.Err() == nil { // else the outcome is about the stop, not about what is checked
		if bounded.Err() != nil {
			err = c.timedOut()
		}
		status = r.note(c, begin, err)
	}
	if !returned {
		late = r.await(ctx, c, begin, done, ticks)
	}
	return status, late
}

// await waits for a function that has exceeded the timeout. With each interval it goes on it has
// failed once more, as if it had been run again.
func (r *Registry) await(ctx context.Context, c *check, begin time.Time, done <-chan error, ticks <-chan time.Time) (late bool) {
	for {
		select {
		case <-done:
			return late
		case <-ticks:
			late = true
			if ctx.Err() == nil {
				r.note(c, begin, c.timedOut())
			}
		}
	}
}

func (c *check) timedOut() error { return fmt.Errorf("timed out after %v", c.Timeout) }

func (r *Registry) setBusy(c *check, busy bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.busy = busy
}

// note keeps the outcome of one run of a check, and tells of it.
func (r *Registry) note(c *check, begin time.Time, err error) Status {
	now := time.Now()
	run := Run{Time: now, Status: judge(err), Took: min(now.Sub(begin), c.Timeout)}
	if err != nil {
		run.Error = shorten(fmt.Sprint(err)) // Sprint, because Error may panic
	}
	r.mu.Lock()
	from := c.result.Status
	c.take(run)
	status := c.result.Status
	change := Change{Time: now, Group: c.Group, Check: c.Name, From: from.String(), To: status.String(), Error: c.result.Error}
	if from != status {
		r.remember(change)
	}
	r.mu.Unlock()
	r.tellRun(c.Group, c.Name, run)
	if from != status {
		r.tell(change)
	}
	return status
}

// take brings the result up to date; the caller holds the registry's mu.
func (c *check) take(run Run) {
	c.history = kept(c.history, run, maxHistory)
	c.streaks.add(run.Status)
	result := &c.result
	if status := c.streaks.status(result.Status, c.FailureThreshold, c.SuccessThreshold); status != result.Status {
		result.Status, result.Since = status, run.Time
	}
	if run.Error != "" || run.Status != Up || result.Status == Up {
		result.Error = run.Error
	}
	result.Checked, result.Took, result.Failures = run.Time, run.Took, c.streaks.down
}

// maxError is how many bytes of a check's error are kept.
const maxError = 256

func shorten(text string) string {
	if len(text) > maxError {
		text = text[:maxError-len("...")] + "..."
	}
	return strings.ToValidUTF8(text, "?")
}
