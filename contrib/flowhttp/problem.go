package flowhttp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// problem is a body of application/problem+json (RFC 9457). Nothing in it comes from the request.
type problem struct {
	Type     string   `json:"type"`
	Title    string   `json:"title"`
	Status   int      `json:"status"`
	Detail   string   `json:"detail"`
	Violated []string `json:"violated-policies,omitempty"`
}

const problemTypes = "https://iana.org/assignments/http-problem-types#"

// quotaExceeded says that the client used up its quota.
func quotaExceeded(policies ...string) *problem {
	return &problem{
		Type:     problemTypes + "quota-exceeded",
		Title:    "Request cannot be satisfied as assigned quota has been exceeded",
		Status:   http.StatusTooManyRequests,
		Violated: policies,
	}
}

// reducedCapacity says that the server cannot take the request, whoever sent it.
func reducedCapacity() *problem {
	return &problem{
		Type:   problemTypes + "temporary-reduced-capacity",
		Title:  "Request cannot be satisfied due to temporary server capacity constraints",
		Status: http.StatusServiceUnavailable,
	}
}

// write answers with p. Retry-After is at least a second, and left out when no time is known.
func (p *problem) write(w http.ResponseWriter, after time.Duration, known bool) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store") // RFC 6585: a 429 must not be stored
	when := "later"
	if known {
		wait := max(seconds(after), 1)
		when = fmt.Sprintf("in %d s", wait)
		h.Set("Retry-After", strconv.FormatInt(wait, 10))
	}
	p.Detail = "The request was not started; try again " + when + "."
	body, _ := json.Marshal(p) // strings and numbers always marshal
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}
