package flowhttp

import (
	"fmt"
	"net/http"

	"github.com/goflow-go/goflow/core"
)

// LineError says which line of a body was no JSON value that was wanted. It ends the run inside a
// streams.StageError, and matches core.ErrInvalid, so that a handler can answer 400.
type LineError struct {
	Line int   // from 1
	Err  error // of encoding/json
}

// Error reads `flowhttp: line 3: unexpected end of JSON input`.
func (e *LineError) Error() string { return fmt.Sprintf("flowhttp: line %d: %v", e.Line, e.Err) }

// Unwrap gives the error of encoding/json.
func (e *LineError) Unwrap() error { return e.Err }

// ErrorType is invalid.
func (e *LineError) ErrorType() string { return core.TypeInvalid }

// Is matches core.ErrInvalid.
func (e *LineError) Is(target error) bool { return target == core.ErrInvalid }

// TooLongError says that a line or an event was longer than the bound; see [WithMaxBytes]. It ends the
// run inside a streams.StageError, and matches core.ErrInvalid.
type TooLongError struct {
	What string // "line" or "event"
	Max  int    // the bound, in bytes
}

// Error reads `flowhttp: line longer than 1048576 bytes`.
func (e *TooLongError) Error() string {
	return fmt.Sprintf("flowhttp: %s longer than %d bytes", e.What, e.Max)
}

// ErrorType is invalid.
func (e *TooLongError) ErrorType() string { return core.TypeInvalid }

// Is matches core.ErrInvalid.
func (e *TooLongError) Is(target error) bool { return target == core.ErrInvalid }

// NoEventsError says that the server of a [Subscribe] answered, but not with events, and not in a way
// that makes another attempt worthwhile.
type NoEventsError struct {
	Host        string // whom the request went to
	Status      int    // the status code
	ContentType string // the answer's, when its status was 200
}

// Error reads `flowhttp: "example.org": no events: server answered 404 Not Found`.
func (e *NoEventsError) Error() string {
	answer := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	if e.Status == http.StatusOK {
		answer = fmt.Sprintf("with %.128q", e.ContentType)
	}
	return fmt.Sprintf("flowhttp: %q: no events: server answered %s", e.Host, answer)
}

// ErrorType is rate_limited for 429, unavailable for 5xx, and invalid for the others.
func (e *NoEventsError) ErrorType() string {
	switch {
	case e.Status == http.StatusTooManyRequests:
		return core.TypeRateLimited
	case e.Status >= 500:
		return core.TypeUnavailable
	}
	return core.TypeInvalid
}
