package flowhttp

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/goflow-go/goflow/core"
)

// StatusError is what policies are told of an answer that is a failure. To those of a [Transport] that
// is one of status 429 or 5xx; the caller of the Transport never sees the error, but the answer itself,
// and core.RetryAfter knows the answer's Retry-After. To those of a [Middleware] it is what
// [WithFailures] says.
type StatusError struct {
	Name   string // the transport's or the middleware's name
	Status int    // the status code

	handler bool
}

// Error reads `flowhttp: "payments": server answered 503 Service Unavailable`, or "handler answered" from
// a middleware.
func (e *StatusError) Error() string {
	who := "server"
	if e.handler {
		who = "handler"
	}
	return fmt.Sprintf("flowhttp: %q: %s answered %d %s", e.Name, who, e.Status, http.StatusText(e.Status))
}

// ErrorType is rate_limited for 429, timeout for 504, unavailable for the others.
func (e *StatusError) ErrorType() string {
	switch e.Status {
	case http.StatusTooManyRequests:
		return core.TypeRateLimited
	case http.StatusGatewayTimeout:
		return core.TypeTimeout
	}
	return core.TypeUnavailable
}

// laterError is a StatusError whose answer said when to come back.
type laterError struct {
	*StatusError
	after time.Duration
}

func (e *laterError) RetryAfter() time.Duration { return e.after }
func (e *laterError) Unwrap() error             { return e.StatusError }

// failure gives what policies are told of an answer; nil when it is none.
func failure(transport string, res *http.Response) error {
	if res.StatusCode < 500 && res.StatusCode != http.StatusTooManyRequests {
		return nil
	}
	err := &StatusError{Name: transport, Status: res.StatusCode}
	if after, ok := retryAfter(res.Header.Get("Retry-After")); ok {
		return &laterError{err, after}
	}
	return err
}

// maxRetryAfter bounds what a server can ask for.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads a Retry-After field: seconds, or a date.
func retryAfter(field string) (time.Duration, bool) {
	if n, err := strconv.ParseUint(field, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, maxRetryAfter), true
	}
	date, err := http.ParseTime(field)
	if err != nil {
		return 0, false
	}
	return min(max(time.Until(date), 0), maxRetryAfter), true
}

// misuseError says that a policy did with a request what cannot be done.
type misuseError struct {
	name string
	what string
}

func (e *misuseError) Error() string     { return fmt.Sprintf("flowhttp: %q: %s", e.name, e.what) }
func (e *misuseError) ErrorType() string { return core.TypeInvalid }
func (e *misuseError) Is(t error) bool   { return t == core.ErrInvalid }
