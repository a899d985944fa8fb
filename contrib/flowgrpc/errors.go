package flowgrpc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/goflow-go/goflow/core"
)

// StatusError is a call that ended with a failure: Unavailable, ResourceExhausted, DeadlineExceeded,
// Internal, Unknown or DataLoss, and Canceled, which policies must know though it is nobody's
// fault. It is what policies are told, of a [Client]'s call and of a handler behind a [Guard], and
// what the caller of a Client gets in the end. Its status is the server's, so status.Code and
// status.FromError see through it; core.RetryAfter knows the delay of the server's RetryInfo.
//
// It matches context.DeadlineExceeded and context.Canceled when that is its code.
type StatusError struct {
	Name string     // the client's or the guard's
	Code codes.Code // the status code

	err error // the error that holds the status
}

// Error reads `flowgrpc: "payments": rpc error: code = Unavailable desc = closing`.
func (e *StatusError) Error() string { return fmt.Sprintf("flowgrpc: %q: %v", e.Name, e.err) }

// ErrorType is unavailable for Unavailable, rate_limited for ResourceExhausted, timeout for
// DeadlineExceeded, canceled for Canceled, and _OTHER for the rest.
func (e *StatusError) ErrorType() string {
	switch e.Code {
	case codes.Unavailable:
		return core.TypeUnavailable
	case codes.ResourceExhausted:
		return core.TypeRateLimited
	case codes.DeadlineExceeded:
		return core.TypeTimeout
	case codes.Canceled:
		return core.TypeCanceled
	default:
		return core.TypeOther
	}
}

// GRPCStatus is the server's status, details and all.
func (e *StatusError) GRPCStatus() *status.Status { return statusOf(e.err) }

// Is matches the context error of the same meaning.
func (e *StatusError) Is(target error) bool {
	return e.Code == codes.DeadlineExceeded && target == context.DeadlineExceeded ||
		e.Code == codes.Canceled && target == context.Canceled
}

// Unwrap gives the error that holds the status.
func (e *StatusError) Unwrap() error { return e.err }

// laterError is a StatusError whose status said when to come back.
type laterError struct {
	*StatusError
	after time.Duration
}

func (e *laterError) RetryAfter() time.Duration { return e.after }
func (e *laterError) Unwrap() error             { return e.StatusError }

// failure gives what policies are told of a call that ended with err; nil when it is no failure: the
// server was there and gave an answer.
func failure(name string, err error) error {
	if err == nil {
		return nil
	}
	s := statusOf(err)
	switch s.Code() {
	case codes.Unavailable, codes.ResourceExhausted, codes.DeadlineExceeded, codes.Canceled,
		codes.Internal, codes.Unknown, codes.DataLoss:
	default:
		return nil
	}
	failed := &StatusError{Name: name, Code: s.Code(), err: err}
	if after, ok := retryDelay(s); ok {
		return &laterError{failed, after}
	}
	return failed
}

// statusOf is the status gRPC makes of a handler's error.
func statusOf(err error) *status.Status {
	if s, ok := status.FromError(err); ok {
		return s
	}
	return status.FromContextError(err)
}

// maxRetryAfter bounds what a server can ask for.
const maxRetryAfter = 24 * time.Hour

// retryDelay reads the RetryInfo of a status.
func retryDelay(s *status.Status) (time.Duration, bool) {
	if len(s.Proto().GetDetails()) == 0 {
		return 0, false
	}
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok && info.GetRetryDelay().IsValid() {
			return min(max(info.GetRetryDelay().AsDuration(), 0), maxRetryAfter), true
		}
	}
	return 0, false
}

// localError is the error of a policy of a Client, with the status its callers expect to find.
type localError struct {
	name string
	err  error
}

// local makes an error of a policy one with a status.
func local(name string, err error) error { return &localError{name, err} }

func (e *localError) Error() string { return fmt.Sprintf("flowgrpc: %q: %v", e.name, e.err) }
func (e *localError) Unwrap() error { return e.err }

func (e *localError) GRPCStatus() *status.Status {
	if failed, ok := errors.AsType[*StatusError](e.err); ok {
		return failed.GRPCStatus()
	}
	return status.New(refusalCode(core.ErrorType(e.err)), e.Error())
}

// refusalCode is how gRPC calls a refusal of a class.
func refusalCode(class string) codes.Code {
	switch class {
	case core.TypeRateLimited:
		return codes.ResourceExhausted
	case core.TypeTimeout:
		return codes.DeadlineExceeded
	case core.TypeCanceled:
		return codes.Canceled
	}
	return codes.Unavailable
}

// misuseError says that a policy did with a call what cannot be done.
type misuseError struct {
	name string
	what string
}

func (e *misuseError) Error() string     { return fmt.Sprintf("flowgrpc: %q: %s", e.name, e.what) }
func (e *misuseError) ErrorType() string { return core.TypeInvalid }
func (e *misuseError) Is(t error) bool   { return t == core.ErrInvalid }

// errInternal is all a client learns of a panic.
var errInternal = status.Error(codes.Internal, "internal error")

// panicked finds the panic in a handler's error.
func panicked(err error) (*core.PanicError, bool) { return errors.AsType[*core.PanicError](err) }
