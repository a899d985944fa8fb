package flowhttp_test

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/limit"
)

// served counts the requests of one importance.
type served struct{ all, done, refused int }

// TestAtTwiceWhatItCanTheServerDoesWhatMattersMost offers a server for 1,000 requests a second 2,000: a
// quarter of them critical, a quarter normal, half sheddable.
func TestAtTwiceWhatItCanTheServerDoesWhatMattersMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		permits := newPermits(t, limit.ConcurrencyConfig{Limit: 10, Wait: true, MaxWaiters: 40, CriticalWaiters: 20})
		h := newMiddleware(t, flowhttp.MiddlewareConfig{},
			flowhttp.WithPolicies(permits),
			flowhttp.WithImportance(flowhttp.HeaderImportance(trusted...)),
		).Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-time.After(10 * time.Millisecond) }))
		random := rand.New(rand.NewPCG(1, 2))
		var mu sync.Mutex
		got := map[string]*served{"0": {}, "3": {}, "7": {}}
		var all sync.WaitGroup
		for range 10_000 {
			<-time.After(time.Duration(random.ExpFloat64() * float64(500*time.Microsecond)))
			u := []string{"0", "3", "7", "7"}[random.IntN(4)]
			all.Go(func() {
				r := from("10.0.0.1:1")
				r.Header.Set("Priority", "u="+u)
				res := answer(h, r)
				mu.Lock()
				defer mu.Unlock()
				got[u].all++
				switch {
				case res.status == http.StatusOK:
					got[u].done++
				case res.status == http.StatusServiceUnavailable && res.header.Get("Retry-After") == "1":
					got[u].refused++
				default:
					t.Errorf("got %d, Retry-After %q", res.status, res.header.Get("Retry-After"))
				}
			})
		}
		all.Wait()
		share := func(u string) float64 { return float64(got[u].done) / float64(got[u].all) }
		if share("0") < 0.99 || share("7") > 0.5 || share("7") > share("3") {
			t.Errorf("served: critical %+v, normal %+v, sheddable %+v; want 99 in 100 of the critical, and the sheddable refused first",
				*got["0"], *got["3"], *got["7"])
		}
		t.Logf("critical %+v, normal %+v, sheddable %+v", *got["0"], *got["3"], *got["7"])
		if s := permits.Stats(); s.InUse != 0 || s.Waiting != 0 {
			t.Errorf("left behind: %+v", s)
		}
	})
}

func TestHeaderImportance(t *testing.T) {
	t.Parallel()
	of := flowhttp.HeaderImportance(trusted...)
	for _, c := range []struct {
		name  string
		peer  string
		lines []string
		want  limit.Importance
	}{
		{"the most urgent", "10.0.0.1:1", []string{"u=0"}, limit.Critical},
		{"urgent, with more", "10.0.0.1:1", []string{"i, u=1;x=2 , z=3"}, limit.Critical},
		{"the default", "10.0.0.1:1", []string{"u=3, i"}, limit.Normal},
		{"less than background", "10.0.0.1:1", []string{"u=6"}, limit.Sheddable},
		{"background", "10.0.0.1:1", []string{"u=7"}, limit.Sheddable},
		{"the last counts", "10.0.0.1:1", []string{"u=0, u=7"}, limit.Sheddable},
		{"the last line counts", "10.0.0.1:1", []string{"u=7", "u=0"}, limit.Critical},
		{"no urgency", "10.0.0.1:1", []string{"i"}, limit.Normal},
		{"none such", "10.0.0.1:1", []string{"u=8"}, limit.Normal},
		{"no number", "10.0.0.1:1", []string{"u=high"}, limit.Normal},
		{"another key", "10.0.0.1:1", []string{"xu=0"}, limit.Normal},
		{"nothing said", "10.0.0.1:1", nil, limit.Normal},
		{"a stranger", "192.0.2.1:1", []string{"u=0"}, limit.Normal},
		{"a peer without an address", "@", []string{"u=0"}, limit.Normal},
	} {
		r := from(c.peer)
		if c.lines != nil {
			r.Header["Priority"] = c.lines
		}
		if got := of(r); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzHeaderImportance(f *testing.F) {
	for _, seed := range []string{"", "u=0", "u=7, i", "i;u=1", "u=,u", "u=1;;", "\tu=5 ;a"} {
		f.Add(seed)
	}
	of := flowhttp.HeaderImportance(trusted...)
	f.Fuzz(func(t *testing.T, header string) {
		r := from("192.0.2.1:1")
		r.Header["Priority"] = strings.Split(header, "\n")
		if got := of(r); got != limit.Normal {
			t.Fatalf("%q of a stranger is %v", header, got)
		}
		r.RemoteAddr = "10.0.0.1:1"
		if got := of(r); got != limit.Normal && !strings.Contains(header, "u=") {
			t.Fatalf("%q is %v", header, got)
		}
	})
}

func TestImportanceReachesPoliciesWithAContextToo(t *testing.T) {
	t.Parallel()
	permits := newPermits(t, limit.ConcurrencyConfig{Limit: 1, Wait: true})
	permits.TryAcquire(t.Context(), 1)
	sheddable := flowhttp.WithImportance(func(*http.Request) limit.Importance { return limit.Sheddable })
	for name, policies := range map[string]flowhttp.Option{
		"only admit":     flowhttp.WithPolicies(permits),
		"with a context": flowhttp.WithPolicies(withValue, permits),
	} {
		res := answer(newMiddleware(t, flowhttp.MiddlewareConfig{RetryAfter: 2 * time.Second}, policies, sheddable).Wrap(ok), from("192.0.2.1:1"))
		requireProblem(t, res, http.StatusServiceUnavailable, "temporary-reduced-capacity", nil)
		if got := res.header.Get("Retry-After"); got != "2" {
			t.Errorf("%s: Retry-After is %q, want 2", name, got)
		}
	}
}

func TestOptionsForPoliciesNeedThem(t *testing.T) {
	t.Parallel()
	importance := flowhttp.WithImportance(flowhttp.HeaderImportance())
	_, err := flowhttp.NewMiddleware("edge", flowhttp.MiddlewareConfig{}, importance, serverErrors)
	want := `flowhttp: "edge": WithImportance needs WithPolicies, with a limit that waits, got 0; WithFailures needs WithPolicies, to be told of them, got 0`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
