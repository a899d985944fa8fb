package flowhttp

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"time"
)

// eventParser reads an event stream, as "9.2.6 Interpreting an event stream" of the WHATWG's HTML
// standard says. It takes bytes as they come, and never waits for one to know what another means: an LF
// after a CR is left out when it comes.
type eventParser struct {
	max  int           // how many bytes an event's lines may have
	last string        // the last event ID string: the one to reconnect with
	wait time.Duration // the reconnection time

	begun bool   // a byte order mark is a mark no more
	cr    bool   // the last byte was a CR
	line  []byte // the part of a line that was read
	size  int    // of the open event's lines

	id      string // the last event ID buffer
	kind    string // the event type buffer
	data    []byte // the data buffer: each line with an LF
	hasData bool
	retry   time.Duration // what was asked for since the last event
}

// read hands on the events of a body as they come, until it ends or yield wants no more. It reports
// whether yield does, and the body's error.
func (p *eventParser) read(body io.Reader, yield func([]Event, error) bool) (more bool, err error) {
	var events []Event
	for buf := make([]byte, minRead); ; {
		n, err := body.Read(buf)
		var fault error
		if events, fault = p.parse(buf[:n], events[:0]); fault != nil {
			return yield(events, nil), fault
		}
		if len(events) > 0 && !yield(events, nil) {
			return false, nil
		}
		switch {
		case errors.Is(err, io.EOF):
			return true, nil
		case err != nil:
			return true, err
		}
	}
}

// parse appends the events that in completes.
func (p *eventParser) parse(in []byte, to []Event) ([]Event, error) {
	for len(in) > 0 {
		if p.cr && in[0] == '\n' {
			in, p.cr = in[1:], false
			continue
		}
		p.cr = false
		part, ended := untilEnd(in)
		if p.size += len(part); p.size > p.max {
			return to, &TooLongError{"event", p.max}
		}
		p.line = append(p.line, part...)
		if !ended {
			return to, nil
		}
		p.cr, in = in[len(part)] == '\r', in[len(part)+1:]
		to = p.end(to)
	}
	return to, nil
}

// untilEnd gives what comes before the end of a line.
func untilEnd(in []byte) (part []byte, ended bool) {
	part = in
	if n := bytes.IndexByte(part, '\n'); n >= 0 {
		part = part[:n]
	}
	if n := bytes.IndexByte(part, '\r'); n >= 0 {
		part = part[:n]
	}
	return part, len(part) < len(in)
}

// end takes in the line that is complete.
func (p *eventParser) end(to []Event) []Event {
	line := p.line
	p.line = p.line[:0]
	if !p.begun {
		line, p.begun = bytes.TrimPrefix(line, []byte("\uFEFF")), true
	}
	if len(line) == 0 {
		return p.dispatch(to)
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	p.field(string(name), bytes.TrimPrefix(value, []byte(" ")))
	if len(name) == 0 {
		p.size -= len(line) // a comment is no part of an event
	}
	return to
}

// field takes in a field. The name of a comment is empty.
func (p *eventParser) field(name string, value []byte) {
	switch name {
	case "event":
		p.kind = string(value)
	case "data":
		p.data, p.hasData = append(append(p.data, value...), '\n'), true
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			p.id = string(value)
		}
	case "retry":
		if ms, ok := digits(value); ok {
			p.retry, p.wait = ms, ms
		}
	}
}

// dispatch appends the event that a blank line completes. Without data it is none, but its ID counts.
func (p *eventParser) dispatch(to []Event) []Event {
	p.last, p.size = p.id, 0
	if p.hasData {
		to = append(to, Event{ID: p.last, Type: p.kind, Data: string(p.data[:len(p.data)-1]), Retry: p.retry})
		p.retry = 0
	}
	p.kind, p.data, p.hasData = "", p.data[:0], false
	return to
}

// digits reads milliseconds of ASCII digits alone. More than fit are as many as fit.
func digits(text []byte) (time.Duration, bool) {
	if len(text) == 0 || len(bytes.Trim(text, "0123456789")) > 0 {
		return 0, false
	}
	const most = uint64(1<<63-1) / uint64(time.Millisecond)
	ms, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		ms = most
	}
	return time.Duration(min(ms, most)) * time.Millisecond, true
}
