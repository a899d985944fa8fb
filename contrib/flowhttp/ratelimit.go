package flowhttp

import (
	"net/http"
	"strconv"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// quotaFields writes a limiter's decision as RateLimit and RateLimit-Policy response fields. What
// differs between versions of the draft is here and nowhere else.
type quotaFields struct {
	form   Headers
	policy string // the policy's name, as a String of RFC 9651
}

func newQuotaFields(form Headers, policy string) quotaFields {
	return quotaFields{form: form, policy: `"` + escape(policy) + `"`}
}

// The fields' names as http.Header keeps them.
const (
	fieldPolicy = "Ratelimit-Policy"
	fieldQuota  = "Ratelimit"
)

// set writes the fields: `"clients";q=40;w=2` and `"clients";r=39;t=1`.
func (f quotaFields) set(h http.Header, d limit.Decision) {
	if f.form == HeadersOff {
		return
	}
	b := make([]byte, 0, 96)
	b = append(b, f.policy...)
	b = parameter(b, 'q', int64(d.Limit))
	b = parameter(b, 'w', max(seconds(d.Window), 1))
	split := len(b)
	b = append(b, f.policy...)
	b = parameter(b, 'r', int64(d.Remaining))
	if d.NextAfter > 0 {
		b = parameter(b, 't', seconds(d.NextAfter))
	}
	text := string(b)
	values := []string{text[:split], text[split:]}
	h[fieldPolicy], h[fieldQuota] = values[:1:1], values[1:2:2]
}

// maxInteger is the largest Integer of RFC 9651.
const maxInteger = 999_999_999_999_999

func parameter(b []byte, key byte, value int64) []byte {
	b = append(b, ';', key, '=')
	return strconv.AppendInt(b, min(max(value, 0), maxInteger), 10)
}

// seconds rounds up: to come back earlier would be to come in vain.
func seconds(d time.Duration) int64 {
	n := int64(d / time.Second)
	if d%time.Second > 0 {
		n++
	}
	return n
}

// escape makes the inside of a String of RFC 9651. Strings are printable ASCII; other bytes become
// %XX.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = append(b, '%', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return string(b)
}
