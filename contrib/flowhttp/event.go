package flowhttp

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// eventsType is the media type of server-sent events.
const eventsType = "text/event-stream"

// Event is a server-sent event, as the WHATWG's HTML standard defines it.
type Event struct {
	// ID is what a client that reconnects sends as Last-Event-ID. One that is read has the ID of the
	// event before it, if it has none of its own. In one that is written, "" leaves it as it was;
	// it must not have line breaks, nor NUL.
	ID string
	// Type is what listeners in a browser go by; "" is "message" to them. It must not have line breaks.
	Type string
	// Data is what the event says. Its lines end with \n when it is read, whatever they ended with.
	Data string
	// Retry is how long a client is to wait before it reconnects, in whole milliseconds, from this
	// event on; 0 leaves it as it was.
	Retry time.Duration
}

// Events gives the server-sent events of a body, of each as soon as it is complete: an event that ends
// without a blank line is dropped, as the standard wants. Comments are left out. One that is too long,
// all its lines together, ends the run with a [*TooLongError], see [WithMaxBytes], and a body that was
// cut with its error, each after the events before it. The body is closed as that of [NDJSON] is.
//
// Bytes that are not UTF-8 stay as they are, where a browser would replace them. To reconnect when
// the body ends, use [Subscribe].
func Events(body io.Reader, opts ...ReadOption) streams.Stream[Event] {
	o, fault := newReadOptions(opts)
	return streams.FromSlices(func(ctx context.Context) iter.Seq2[[]Event, error] {
		return func(yield func([]Event, error) bool) {
			if fault != nil {
				yield(nil, fault)
				return
			}
			defer closes(ctx, body)()
			p := eventParser{max: o.max}
			if _, err := p.read(body, yield); err != nil {
				yield(nil, err)
			}
		}
	})
}

// appendTo encodes e: every event has data, if only an empty line, so that each is dispatched.
func (e Event) appendTo(to []byte) ([]byte, error) {
	if err := e.validate(); err != nil {
		return nil, err
	}
	if e.ID != "" {
		to = append(append(append(to, "id: "...), e.ID...), '\n')
	}
	if e.Type != "" {
		to = append(append(append(to, "event: "...), e.Type...), '\n')
	}
	if e.Retry > 0 {
		ms := (e.Retry + time.Millisecond - 1) / time.Millisecond
		to = append(strconv.AppendInt(append(to, "retry: "...), int64(ms), 10), '\n')
	}
	for line := range strings.SplitSeq(lineEnds.Replace(e.Data), "\n") {
		to = append(append(append(to, "data: "...), line...), '\n')
	}
	return append(to, '\n'), nil
}

// lineEnds are those that an event's data may have.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func (e Event) validate() error {
	var faults core.Faults
	faults.Require(!strings.ContainsAny(e.ID, "\r\n\x00"), "ID", e.ID, "must not have line breaks or NUL")
	faults.Require(!strings.ContainsAny(e.Type, "\r\n"), "Type", e.Type, "must not have line breaks")
	faults.Require(e.Retry >= 0, "Retry", e.Retry, "must not be negative")
	if err := faults.Err(); err != nil {
		return fmt.Errorf("flowhttp: event: %w", err)
	}
	return nil
}

// packed makes the bytes of each event.
func packed(events streams.Stream[Event]) streams.Stream[[]byte] {
	return streams.Map(events.Stage("events"), func(_ context.Context, e Event) ([]byte, error) {
		return e.appendTo(nil)
	})
}
