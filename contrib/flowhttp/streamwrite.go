package flowhttp

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// WriteNDJSON answers r with the items of a stream as JSON, one a line. It runs the stream under the
// request's context, blocks until it ends, and returns its error.
//
// Items are sent as they come: those of a slow stream one by one, those that came while the client took
// others together. The stream is not read faster than the client takes: it is ahead of it by at most
// 64 KiB of lines, a chunk, and what the connection holds. When the client is gone, or takes longer than
// [WithWriteTimeout], the stream ends. An item of a stream that is acknowledged is so when it was sent.
// Settings of the stream, such as Parallel, hold for the step that encodes, whose name is "ndjson".
//
// The header goes out with the first item, so a stream that fails before it leaves the answer to the
// handler. One that fails later breaks the answer off, so that the client does not take a part for
// the whole: it sees a body that was cut. Where that cannot be done otherwise, it panics with
// http.ErrAbortHandler. The response must be one that can be flushed.
//
// A handler can read the request's body while it answers: a body that is there is left to it, as with
// http.ResponseController.EnableFullDuplex.
func WriteNDJSON[T any](w http.ResponseWriter, r *http.Request, items streams.Stream[T], opts ...WriteOption) error {
	o := newWriteOptions()
	for _, opt := range opts {
		if opt != nil {
			opt.applyWrite(&o)
		}
	}
	s, err := newSender(w, r, ndjsonType, o)
	if err != nil || r.Method == http.MethodHead {
		return err
	}
	switch err := s.run(r, encoded(items)); {
	case err == nil && s.begun:
		return nil
	case err == nil:
		return s.send() // the header, of no items
	case s.begun:
		s.abort(r, err)
		return err
	default:
		s.withdraw()
		return err
	}
}

// WriteEvents answers r with server-sent events. It is [WriteNDJSON] but for this:
//
//   - The header goes out at once, so that the client knows it is connected.
//   - When no event comes for a while, a comment is sent: see [WithHeartbeat].
//   - When the stream fails, the last event has the type "error" and says only its class, such as
//     "unavailable" (see core.ErrorType): what else is in an error is not the client's business.
//   - The name of the step that encodes is "events".
//
// Clients reconnect when the answer ends: with the ID of the last event in the header Last-Event-ID,
// from which a handler goes on. Status 204 tells them not to.
func WriteEvents(w http.ResponseWriter, r *http.Request, events streams.Stream[Event], opts ...EventOption) error {
	o := newWriteOptions()
	for _, opt := range opts {
		if opt != nil {
			opt.applyEvents(&o)
		}
	}
	s, err := newSender(w, r, eventsType, o)
	if err != nil {
		return err
	}
	if err := s.send(); err != nil || r.Method == http.MethodHead {
		return err
	}
	defer s.beat(o.heartbeat)()
	err = s.run(r, packed(events))
	if err != nil {
		s.failed(r, err)
		last, _ := Event{Type: "error", Data: core.ErrorType(err)}.appendTo(nil) // a class has no line breaks
		_ = s.send(last)                                                         // the run's error counts
	}
	return err
}

// sender sends to one client, what is given at once in one write. It is safe for concurrent use: the
// heartbeat has a goroutine of its own.
type sender struct {
	w       http.ResponseWriter
	rc      *http.ResponseController
	timeout time.Duration
	beats   time.Duration // 0: none
	added   []string      // header fields that were not there before

	mu    sync.Mutex
	timer *time.Timer             // of the next heartbeat; nil for none
	gone  context.CancelCauseFunc // ends the run; nil before and after
	begun bool                    // something was sent
	err   error                   // of the first write that failed
}

// newSender prepares the response, and sends nothing.
func newSender(w http.ResponseWriter, r *http.Request, mediaType string, o writeOptions) (*sender, error) {
	if err := core.Configure("flowhttp", mediaType, o.validate()); err != nil {
		return nil, err
	}
	if !flushes(w) {
		return nil, &misuseError{mediaType, "the response cannot be flushed"}
	}
	s := &sender{w: w, rc: http.NewResponseController(w), timeout: o.timeout}
	if r.Body != nil && r.Body != http.NoBody {
		if err := s.rc.EnableFullDuplex(); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return nil, err
		}
	}
	s.header("Content-Type", mediaType)
	s.header("Cache-Control", "no-store")
	s.header("X-Accel-Buffering", "no") // or nginx holds back what is sent
	return s, nil
}

// flushes reports whether a response can be flushed.
func flushes(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case http.Flusher, interface{ FlushError() error }:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

// header sets a field that the handler has not set.
func (s *sender) header(name, value string) {
	if s.w.Header().Get(name) == "" {
		s.w.Header().Set(name, value)
		s.added = append(s.added, name)
	}
}

// withdraw leaves the response as the handler gave it.
func (s *sender) withdraw() {
	for _, name := range s.added {
		s.w.Header().Del(name)
	}
}

// run sends what a stream gives.
func (s *sender) run(r *http.Request, parts streams.Stream[[]byte]) error {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	s.mu.Lock()
	s.gone = cancel
	s.mu.Unlock()
	err := gathered(parts).ForEach(ctx, func(_ context.Context, parts [][]byte) error { return s.send(parts...) })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = nil
	return err
}

// send writes parts and flushes them.
func (s *sender) send(parts ...[]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	if s.timer != nil {
		s.timer.Reset(s.beats)
	}
	s.begun = true
	if s.err = s.write(parts); s.err != nil && s.gone != nil {
		s.gone(s.err)
	}
	return s.err
}

// write is send with a deadline.
func (s *sender) write(parts [][]byte) error {
	if s.timeout > 0 {
		if err := s.deadline(time.Now().Add(s.timeout)); err != nil {
			return err
		}
	}
	for _, part := range parts {
		if _, err := s.w.Write(part); err != nil {
			return err
		}
	}
	if err := s.rc.Flush(); err != nil || s.timeout == 0 {
		return err
	}
	return s.deadline(time.Time{})
}

// deadline bounds writes, where they can be bounded.
func (s *sender) deadline(at time.Time) error {
	if err := s.rc.SetWriteDeadline(at); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// beat sends a comment whenever nothing else was sent for so long, until what it gives is called.
func (s *sender) beat(every time.Duration) (stop func()) {
	if every == 0 {
		return func() {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beats = every
	s.timer = time.AfterFunc(every, func() { _ = s.send([]byte(":\n\n")) }) // its error ends the run
	return s.still
}

// still ends the heartbeat. It waits for one that is being sent, and lets none start after it.
func (s *sender) still() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer.Stop()
	s.timer = nil
	if s.err == nil {
		s.err = core.ErrClosed
	}
}

// failed notes on the server span and metric that the answer is not whole.
func (s *sender) failed(r *http.Request, err error) {
	serverInstrument{}.failed(r, core.ErrorType(err))
}

// abort lets the client see that the answer is not whole: nothing can be written any more, also not what
// ends a body. An error but that it cannot be done says that the connection is closed already.
func (s *sender) abort(r *http.Request, err error) {
	s.failed(r, err)
	if errors.Is(s.rc.SetWriteDeadline(time.Unix(1, 0)), http.ErrNotSupported) {
		panic(http.ErrAbortHandler)
	}
}

// How much is sent together, at most.
const (
	sendItems = 1024
	sendBytes = 64 << 10
	// sendWait is how long the first item waits for others: no longer than it takes to look.
	sendWait = time.Nanosecond
)

// gathered gives together what came while those below were busy.
func gathered(parts streams.Stream[[]byte]) streams.Stream[[][]byte] {
	return streams.BatchBy(parts, streams.BatchConfig[[]byte]{
		Items: sendItems, Bytes: sendBytes, Size: func(part []byte) int { return len(part) }, Wait: sendWait,
	}).Stage("write")
}
