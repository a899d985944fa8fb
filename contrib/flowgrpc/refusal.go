package flowgrpc

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// refusal is why a call, or a message, was not let through. Nothing in it comes from the call.
type refusal struct {
	class string        // the error's class
	quota string        // the limit that said no; "" when it was none, or is not known
	after time.Duration // when to come back
	known bool          // whether after is
}

// denied is the refusal of a limiter's decision.
func denied(quota string, d limit.Decision) refusal {
	return refusal{class: core.TypeRateLimited, quota: quota, after: d.RetryAfter, known: true}
}

// refusalOf is the refusal of an error.
func refusalOf(err error) refusal {
	r := refusal{class: core.ErrorType(err)}
	r.after, r.known = core.RetryAfter(err)
	if rejected, ok := errors.AsType[*limit.RejectedError](err); ok && r.class == core.TypeRateLimited {
		r.quota = rejected.Limiter
	}
	return r
}

// err is the status error: with a QuotaFailure when a limit said no, and a RetryInfo when it is known
// when to come back.
func (r refusal) err(what string) error {
	when := "later"
	code := refusalCode(r.class)
	var details []protoadapt.MessageV1
	if code == codes.ResourceExhausted {
		details = append(details, &errdetails.QuotaFailure{Violations: []*errdetails.QuotaFailure_Violation{{
			Subject: r.quota, Description: "the quota is used up",
		}}})
	}
	if r.known && r.retryable() {
		when = "in " + time.Duration(milliseconds(r.after)*int64(time.Millisecond)).String()
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(max(r.after, 0))})
	}
	s := status.New(code, what)
	if r.retryable() {
		s = status.New(code, fmt.Sprintf("%s; try again %s", what, when))
	}
	if detailed, err := s.WithDetails(details...); err == nil { // it fails for codes.OK alone
		s = detailed
	}
	return s.Err()
}

// retryable says whether the caller can still come back.
func (r refusal) retryable() bool { return r.class != core.TypeTimeout && r.class != core.TypeCanceled }

// The trailers of a refusal.
const (
	// pushbackKey tells gRPC's own retries when to come back (gRFC A6).
	pushbackKey = "grpc-retry-pushback-ms"
	// refusedKey says that the handler was not run. It stands in the trailer and not in the
	// status, because servers hand on the status of those they call themselves.
	refusedKey = "goflow-refused"
)

// maxPushback is how long clients are asked to wait for a retry of gRPC's own, which nothing but the
// call's deadline bounds. Beyond it they are asked not to retry.
const maxPushback = 30 * time.Second

// trailer is what goes with the refusal of a call that was not started.
func (r refusal) trailer() metadata.MD {
	md := metadata.MD{refusedKey: {r.class}}
	switch {
	case !r.retryable() || !r.known:
	case r.after > maxPushback:
		md[pushbackKey] = []string{"-1"}
	default:
		md[pushbackKey] = []string{strconv.FormatInt(milliseconds(r.after), 10)}
	}
	return md
}

// milliseconds rounds up: to come back earlier would be to come in vain.
func milliseconds(d time.Duration) int64 {
	n := int64(d / time.Millisecond)
	if d%time.Millisecond > 0 {
		n++
	}
	return max(n, 0)
}
