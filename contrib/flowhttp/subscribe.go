package flowhttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// SubscribeConfig is the config of [Subscribe]. The zero value is ready to use.
type SubscribeConfig struct {
	// LastEventID is where to go on from: the ID of the last event of an earlier run. Defaults to
	// none.
	LastEventID string `json:"last_event_id" yaml:"last_event_id" env:"LAST_EVENT_ID"`
	// Retry is how long to wait before the first reconnection, until the server says otherwise.
	// Defaults to 3 s.
	Retry time.Duration `json:"retry" yaml:"retry" env:"RETRY"`
	// MaxRetry bounds every wait, also one the server asks for. Defaults to 1 min.
	MaxRetry time.Duration `json:"max_retry" yaml:"max_retry" env:"MAX_RETRY"`
	// MaxFailures is how many attempts in a row may bring no event: then the run ends with the last
	// one's error. Defaults to 0: any number.
	MaxFailures int `json:"max_failures" yaml:"max_failures" env:"MAX_FAILURES"`
	// IdleTimeout is how long a connection may bring nothing, not even a comment, before it is given
	// up for another: more than twice the server's heartbeat. Defaults to 0: for ever.
	IdleTimeout time.Duration `json:"idle_timeout" yaml:"idle_timeout" env:"IDLE_TIMEOUT"`
	// MaxBytes bounds an event, as [WithMaxBytes] does. Defaults to 1 MiB.
	MaxBytes int `json:"max_bytes" yaml:"max_bytes" env:"MAX_BYTES"`
}

// Validate reports everything that is wrong with c.
func (c SubscribeConfig) Validate() error {
	var faults core.Faults
	faults.Require(isID(c.LastEventID), "LastEventID", c.LastEventID, "must not have control characters")
	faults.Require(c.Retry >= 0, "Retry", c.Retry, "must not be negative")
	faults.Require(c.MaxRetry >= 0, "MaxRetry", c.MaxRetry, "must not be negative")
	faults.Require(c.MaxFailures >= 0, "MaxFailures", c.MaxFailures, "must not be negative")
	faults.Require(c.IdleTimeout >= 0, "IdleTimeout", c.IdleTimeout, "must not be negative")
	faults.Require(c.MaxBytes >= 0, "MaxBytes", c.MaxBytes, "must not be negative")
	return faults.Err()
}

func (c SubscribeConfig) withDefaults() SubscribeConfig {
	if c.Retry == 0 {
		c.Retry = 3 * time.Second
	}
	if c.MaxRetry == 0 {
		c.MaxRetry = time.Minute
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = maxBytes
	}
	return c
}

// Subscribe gives the server-sent events of what r asks for, and asks again with Last-Event-ID when the
// answer ends. Each run sends copies of r under its own context, and ends with it; nil for client is
// http.DefaultClient. A client must not have a Timeout, as that bounds the whole answer.
//
//   - A status of 204 ends the stream well: the server has no more to say.
//   - Another answer without events ends it with a [*NoEventsError], but for 429 and 5xx.
//   - These, an attempt that fails, and an answer that ends or breaks off are followed by another
//     attempt, after the time the server asked for with retry or Retry-After, or else the config's. It
//     doubles with each attempt in a row that brings no event, up to MaxRetry, and a random quarter of it
//     is added, so that clients do not come back all at once.
//
// A request with a body must have GetBody. An event that was handed on before is not given again by a
// server that heeds Last-Event-ID; one that does not may repeat or miss some. An ID that HTTP does not
// allow in a header is not sent.
func Subscribe(client *http.Client, r *http.Request, cfg SubscribeConfig) streams.Stream[Event] {
	if client == nil {
		client = http.DefaultClient
	}
	fault := core.Configure("flowhttp", r.URL.Host, cfg.Validate())
	cfg = cfg.withDefaults()
	return streams.FromSlices(func(ctx context.Context) iter.Seq2[[]Event, error] {
		return func(yield func([]Event, error) bool) {
			s := subscription{client: client, r: r, cfg: cfg, last: cfg.LastEventID, wait: cfg.Retry, yield: yield}
			err := fault
			if err == nil {
				err = s.run(ctx)
			}
			if err != nil {
				yield(nil, err)
			}
		}
	})
}

// subscription is a run of Subscribe.
type subscription struct {
	client *http.Client
	r      *http.Request
	cfg    SubscribeConfig
	yield  func([]Event, error) bool

	last     string        // the last event's ID
	wait     time.Duration // the reconnection time
	failures int           // attempts in a row without an event
}

// errOver says that there are no more events to come, or that nobody wants them.
var errOver = errors.New("flowhttp: no more events")

// run makes attempts until one settles it.
func (s *subscription) run(ctx context.Context) error {
	for {
		s.failures++
		err := s.attempt(ctx)
		switch {
		case errors.Is(err, errOver):
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case final(err):
			return err
		case s.cfg.MaxFailures > 0 && s.failures >= s.cfg.MaxFailures:
			return fmt.Errorf("flowhttp: %q: %d attempts without an event: %w", s.r.URL.Host, s.failures, err)
		}
		select {
		case <-time.After(s.pause(err)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// final reports whether another attempt would not help.
func final(err error) bool {
	return core.ErrorType(err) == core.TypeInvalid
}

// pause is how long to wait after a failed attempt.
func (s *subscription) pause(err error) time.Duration {
	wait := min(s.wait, s.cfg.MaxRetry)
	for range s.failures - 1 {
		if wait = min(max(2*wait, time.Millisecond), s.cfg.MaxRetry); wait == s.cfg.MaxRetry {
			break
		}
	}
	if after, ok := core.RetryAfter(err); ok {
		wait = min(max(wait, after), s.cfg.MaxRetry)
	}
	return wait + rand.N(wait/4+1)
}

// attempt asks once, and hands on what the answer has.
func (s *subscription) attempt(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r, err := s.request(ctx)
	if err != nil {
		return err
	}
	res, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if err := s.check(res); err != nil {
		return err
	}
	body := io.Reader(res.Body)
	if s.cfg.IdleTimeout > 0 {
		timer := time.AfterFunc(s.cfg.IdleTimeout, func() { cancel(errIdle) })
		defer timer.Stop()
		body = &watched{res.Body, timer, s.cfg.IdleTimeout}
	}
	return s.events(ctx, body)
}

// errIdle says that a connection brought nothing for too long.
var errIdle = &idleError{}

type idleError struct{}

func (*idleError) Error() string     { return "flowhttp: nothing came within IdleTimeout" }
func (*idleError) ErrorType() string { return core.TypeTimeout }

// watched starts the timer anew with each read that brought something.
type watched struct {
	io.Reader
	timer *time.Timer
	idle  time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.timer.Reset(w.idle)
	return n, err
}

// request is the next to send.
func (s *subscription) request(ctx context.Context) (*http.Request, error) {
	r := s.r.Clone(ctx)
	r.Header.Set("Accept", eventsType)
	r.Header.Set("Cache-Control", "no-store")
	if s.last != "" && isID(s.last) {
		r.Header.Set("Last-Event-ID", s.last)
	}
	if s.r.Body == nil || s.r.Body == http.NoBody {
		return r, nil
	}
	if s.r.GetBody == nil {
		return nil, &misuseError{r.URL.Host, "a request with a body needs GetBody, to be sent again"}
	}
	body, err := s.r.GetBody()
	r.Body = body
	return r, err
}

// isID reports whether id may stand in a header.
func isID(id string) bool {
	return !strings.ContainsFunc(id, func(c rune) bool { return c < ' ' || c == 0x7f })
}

// check says what an answer is that brings no events: nil when it may bring some.
func (s *subscription) check(res *http.Response) error {
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case res.StatusCode == http.StatusNoContent:
		return errOver
	case res.StatusCode == http.StatusOK && kind == eventsType:
		return nil
	}
	err := &NoEventsError{Host: s.r.URL.Host, Status: res.StatusCode, ContentType: res.Header.Get("Content-Type")}
	if after, ok := retryAfter(res.Header.Get("Retry-After")); ok {
		return &tryAfter{err, after}
	}
	return err
}

// tryAfter is a NoEventsError whose answer said when to come back.
type tryAfter struct {
	*NoEventsError
	after time.Duration
}

func (e *tryAfter) RetryAfter() time.Duration { return e.after }
func (e *tryAfter) Unwrap() error             { return e.NoEventsError }

// events hands on what a body has, and says why there is no more.
func (s *subscription) events(ctx context.Context, body io.Reader) error {
	p := eventParser{max: s.cfg.MaxBytes, last: s.last, id: s.last, wait: s.wait}
	more, err := p.read(body, func(events []Event, err error) bool {
		s.failures = 0
		return s.yield(events, err)
	})
	s.last, s.wait = p.last, p.wait
	switch {
	case !more:
		return errOver
	case err == nil:
		return io.ErrUnexpectedEOF
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}
