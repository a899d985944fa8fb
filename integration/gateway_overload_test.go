package integration

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// A gateway whose memory is all in use refuses most of what it is asked, says why and when to come again, and
// goes on with some of it.
func TestAGatewayWithoutMemoryRefusesMostRequestsAndSaysSo(t *testing.T) {
	t.Parallel()
	p := startGateway(t, []string{"GOMEMLIMIT=8MiB"}, "-load", "0", "-rate", "100000/s", "-burst", "100000")
	client := newClient(t)
	pressure := `goflow_limiter_pressure_ratio{.*limiter_name="gateway".*}`
	var refused answer
	await(t, "a refusal", func() bool {
		resp := get(t, client, p.url+"/hello", nil)
		if resp.status == http.StatusServiceUnavailable {
			refused = resp
			return true
		}
		return false
	})
	if after, err := strconv.Atoi(refused.header.Get("Retry-After")); err != nil || after < 1 {
		t.Errorf("Retry-After is %q, want seconds", refused.header.Get("Retry-After"))
	}
	if got := metric(t, client, p, pressure); got < 1 {
		t.Errorf("the pressure is %v, want 1 at least", got)
	}
	served := 0
	for range 400 {
		if get(t, client, p.url+"/hello", nil).status == http.StatusOK {
			served++
		}
	}
	if served == 0 || served > 200 {
		t.Errorf("%d of 400 were served, want some, but most refused", served)
	}
	if text := p.stderr.text(); strings.Contains(text, "panic") {
		t.Errorf("it said:\n%s", text)
	}
	t.Logf("%d of 400 were served; the answer to the others: %s", served, refused.body)
	end(t, p)
}
