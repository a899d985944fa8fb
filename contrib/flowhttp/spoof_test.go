package flowhttp_test

import (
	"fmt"
	"testing"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/limit"
)

// TestAClientCannotTalkItsWayOutOfItsLimit has a client say that it is someone else each time, to a real
// server that trusts its proxies, and to none of them from where the client is.
func TestAClientCannotTalkItsWayOutOfItsLimit(t *testing.T) {
	t.Parallel()
	clients := newKeyed(t, "clients", limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 5})
	s, c := serve(t, newMiddleware(t, flowhttp.MiddlewareConfig{TrustedProxies: trusted}, flowhttp.WithLimit(clients)).Wrap(ok))
	passed := 0
	for i := range 60 {
		address := fmt.Sprintf("198.51.100.%d", i)
		names := []string{"X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "X-Forwarded-For"}
		value := address
		if i%len(names) == 1 {
			value = "for=" + address
		}
		if get(t, c, s.URL, names[i%len(names)], value, "X-Forwarded-For", "10.0.0.1, "+address, "Host", address).status == 200 {
			passed++
		}
	}
	if passed != 5 {
		t.Errorf("%d requests passed, want the burst of 5", passed)
	}
}

func TestEntriesOfTheTableOfProxies(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]string{
		"[::1]:80":           "::/64",
		"::1":                "::/64",
		"::ffff:1.2.3.4":     "1.2.3.4",
		"[::ffff:1.2.3.4]:9": "1.2.3.4",
		"fe80::1%eth0":       "fe80::/64",
		"[fe80::1%eth0]:80":  "fe80::/64",
		"unknown":            "10.0.0.1",
		"_obf":               "10.0.0.1",
		"":                   "10.0.0.1",
	} {
		if got := flowhttp.ClientKey(trusted...)(from("10.0.0.1:80", entry)); got != want {
			t.Errorf("%q: got %q, want %q", entry, got, want)
		}
	}
}
