package integration

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"
)

// goroutine is an entry of a goroutine profile.
type goroutine struct {
	labels string   // "pool images", or empty
	stack  []string // functions, the innermost first
}

var (
	labelOf    = regexp.MustCompile(`"goflow\.kind":"([^"]*)", "goflow\.name":"([^"]*)"`)
	functionOf = regexp.MustCompile(`(?m)^#\t0x[0-9a-f]+\t(.*)\+0x[0-9a-f]+\t`)
)

// goroutines are those that run now.
func goroutines(t *testing.T) []goroutine {
	t.Helper()
	var out bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&out, 1); err != nil {
		t.Fatal(err)
	}
	var list []goroutine
	for entry := range strings.SplitSeq(out.String(), "\n\n") {
		var g goroutine
		if m := labelOf.FindStringSubmatch(entry); m != nil {
			g.labels = m[1] + " " + m[2]
		}
		for _, m := range functionOf.FindAllStringSubmatch(entry, -1) {
			g.stack = append(g.stack, m[1])
		}
		list = append(list, g)
	}
	return list
}

const module = "github.com/goflow-go/goflow/"

// ours reports whether a function is of the library, and not of what tests it.
func ours(function string) bool {
	of, ok := strings.CutPrefix(function, module)
	return ok && !slices.ContainsFunc([]string{"integration", "internal/redistest", "internal/faultnet"},
		func(room string) bool { return strings.HasPrefix(of, room) })
}

// tests reports whether the test has started a goroutine, to call the library in it.
func (g goroutine) tests() bool {
	root := slices.IndexFunc(g.stack, func(f string) bool {
		return strings.HasPrefix(f, "testing.") || strings.HasPrefix(f, module+"integration.(*house).call.")
	})
	return root >= 0
}

// TestEveryGoroutineSaysWhoseItIs takes profiles of a process in which everything is in the middle of something.
// A goroutine that is seen but once without labels is one that just begins, or a timer's.
func TestEveryGoroutineSaysWhoseItIs(t *testing.T) {
	h := newHouse(t)
	defer h.close()
	missing := h.open()
	deadline, tick := time.After(30*time.Second), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for {
		var bare []string
		for _, g := range goroutines(t) {
			missing = slices.DeleteFunc(missing, func(labels string) bool { return labels == g.labels })
			if g.labels == "" && slices.ContainsFunc(g.stack, ours) && !g.tests() {
				bare = append(bare, strings.Join(g.stack, "\n\t"))
			}
		}
		if len(missing) == 0 && len(bare) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("no goroutine has the labels %q\nwithout labels there are\n%s", missing, strings.Join(bare, "\n"))
		}
	}
}

// asks is a request that ends with ctx.
func asks(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return err
	}
	return fmt.Errorf("answered %s: %w", res.Status, res.Body.Close())
}
