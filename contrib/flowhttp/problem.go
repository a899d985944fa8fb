package flowhttp

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// problem is a body of application/problem+json (RFC 9457), but for when to come back. Nothing in it
// comes from the request. It is made once for many answers.
type problem struct {
	status     int
	head, tail []byte // what is before and after when to come back
}

// members are a problem's. Their order is that of the body.
type members struct {
	Type     string   `json:"type"`
	Title    string   `json:"title"`
	Status   int      `json:"status"`
	Detail   string   `json:"detail"`
	Violated []string `json:"violated-policies,omitempty"`
}

const (
	problemTypes = "https://iana.org/assignments/http-problem-types#"
	whenMark     = "WHEN"
)

// newProblem renders m.
func newProblem(m members) *problem {
	m.Type = problemTypes + m.Type
	m.Detail = "The request was not started; try again " + whenMark + "."
	body, _ := json.Marshal(m) // strings and numbers always marshal
	head, tail, _ := bytes.Cut(body, []byte(whenMark))
	return &problem{m.Status, head, tail}
}

// quotaExceeded says that the client used up its quota.
func quotaExceeded(policies ...string) *problem {
	return newProblem(members{
		Type:     "quota-exceeded",
		Title:    "Request cannot be satisfied as assigned quota has been exceeded",
		Status:   http.StatusTooManyRequests,
		Violated: policies,
	})
}

// reducedCapacity says that the server cannot take the request, whoever sent it.
func reducedCapacity() *problem {
	return newProblem(members{
		Type:   "temporary-reduced-capacity",
		Title:  "Request cannot be satisfied due to temporary server capacity constraints",
		Status: http.StatusServiceUnavailable,
	})
}

// Header values that are the same in every refusal. Nobody may change them.
var (
	problemJSON = []string{"application/problem+json"}
	noStore     = []string{"no-store"} // RFC 6585: a 429 must not be stored
)

// write answers with p. Retry-After is at least a second, and left out when no time is known.
func (p *problem) write(w http.ResponseWriter, after time.Duration, known bool) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = problemJSON, noStore
	body := make([]byte, 0, len(p.head)+len(p.tail)+len("in 9223372036 s"))
	body = append(body, p.head...)
	if known {
		wait := max(seconds(after), 1)
		h["Retry-After"] = []string{strconv.FormatInt(wait, 10)}
		body = append(body, "in "...)
		body = strconv.AppendInt(body, wait, 10)
		body = append(body, " s"...)
	} else {
		body = append(body, "later"...)
	}
	body = append(body, p.tail...)
	w.WriteHeader(p.status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}
