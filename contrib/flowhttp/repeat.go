package flowhttp

import (
	"errors"
	"net"
	"net/http"

	"github.com/goflow-go/goflow/core"
)

// Repeatable is which requests a [Transport] sends more than once by default: those of a method that is
// idempotent (RFC 9110, 9.2.2: GET, HEAD, OPTIONS, TRACE, PUT, DELETE), and those with an Idempotency-Key
// or X-Idempotency-Key header, by which the server knows one it has done already.
func Repeatable(r *http.Request) bool {
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return r.Header["Idempotency-Key"] != nil || r.Header["X-Idempotency-Key"] != nil
}

// reads reports whether r only asks, and so may be sent twice at the same time.
func reads(r *http.Request) bool {
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return !hasBody(r) && r.Header["Upgrade"] == nil
	}
	return false
}

func hasBody(r *http.Request) bool { return r.Body != nil && r.Body != http.NoBody }

// copies reports whether another request can be made of r.
func copies(r *http.Request) bool { return !hasBody(r) || r.GetBody != nil }

// unsent reports whether err says that a request did not get as far as a connection.
func unsent(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "dial" || op.Op == "proxyconnect")
}

// refused reports whether err is of an answer by which a server says that it left the request undone:
// 429, or 503 with Retry-After.
func refused(err error) bool {
	status, ok := errors.AsType[*StatusError](err)
	if !ok {
		return false
	}
	_, timed := core.RetryAfter(err)
	return status.Status == http.StatusTooManyRequests || status.Status == http.StatusServiceUnavailable && timed
}
