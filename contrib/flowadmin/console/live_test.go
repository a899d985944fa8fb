package console_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowadmin/console"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

// tick is what is told live.
type tick struct {
	T           int64
	Values      map[string]any
	Engines     uint32
	Spans, Logs uint64
	State       string
	Down        []string
}

// stream is one who is told.
type stream struct {
	t   *testing.T
	res *http.Response
	in  *bufio.Reader
}

func (c client) listen(t *testing.T) stream {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"api/live", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return stream{t, res, bufio.NewReader(res.Body)}
}

// next is the next tick; false when there are no more.
func (s stream) next() (next tick, ok bool) {
	s.t.Helper()
	event, err := s.in.ReadString('\n')
	if err != nil {
		return tick{}, false
	}
	data, _ := s.in.ReadString('\n')
	end, _ := s.in.ReadString('\n')
	if event != "event: tick\n" || end != "\n" {
		s.t.Fatalf("got %q %q %q, want an event", event, data, end)
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(data, "data: ")), &next); err != nil {
		s.t.Fatalf("%v: %s", err, data)
	}
	return next, true
}

// run starts a console, and stops it when the test ends.
func run(t testing.TB, c *console.Console) {
	t.Helper()
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestTicksAreToldEachSecond(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	registry, err := health.New("app", health.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.Add(health.Check{Name: "db", Run: func(context.Context) error { return context.DeadlineExceeded }}); err != nil {
		t.Fatal(err)
	}
	if err := registry.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = registry.Stop(context.Background()) })
	engines := new(flowadmin.Engines)
	live := newConsole(t, console.Config{}, s.recorder, console.WithHealth(registry), console.WithEngines(engines))
	c := serve(t, live)
	counter, _ := s.meters.Meter("test").Int64Counter("a")
	histogram, _ := s.meters.Meter("test").Float64Histogram("b", metric.WithExplicitBucketBoundaries(1, 2))
	counter.Add(t.Context(), 1)
	histogram.Record(t.Context(), 1.5)
	s.span(t.Context(), "work")
	for registry.Report(health.Readiness).Checks[0].Status != health.Down {
		<-time.After(time.Millisecond)
	}
	began := time.Now()
	run(t, live)
	in := c.listen(t)
	if got := in.res.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("got Content-Type %q", got)
	}
	first, _ := in.next()
	second, _ := in.next()
	if second.T == first.T {
		second, _ = in.next()
	}
	passed := max(1, int64(time.Since(began).Round(time.Second)/time.Second)) // seconds: 1, unless the machine stood still
	if second.T <= first.T || second.T > first.T+passed || len(second.Values) != 2 || second.Spans != 1 || second.State != "starting" || strings.Join(second.Down, " ") != "db" {
		t.Errorf("got %+v after %+v", second, first)
	}
	if _, err := engines.Add(flowadmin.Engine{Kind: "job", Name: "report"}); err != nil {
		t.Fatal(err)
	}
	third, _ := in.next()
	for range 4 { // ticks that may have been told before
		if third.Engines == second.Engines {
			third, _ = in.next()
		}
	}
	if third.Engines == second.Engines {
		t.Errorf("an engine came, and engines is still %d", third.Engines)
	}
	if list, ok := third.Values["2"].([]any); !ok || len(list) != 4 || third.Values["1"] != 0.0 {
		t.Errorf("got values %v, want a rate and four numbers", third.Values)
	}
}

func TestOnlySoManyAreTold(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	live := newConsole(t, console.Config{}, s.recorder)
	c := serve(t, live)
	if res := c.listen(t).res; res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("before Start: got %d, want 503", res.StatusCode)
	}
	if err := live.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var all []stream
	for i := range 16 {
		one := c.listen(t)
		if _, ok := one.next(); !ok {
			t.Fatalf("listener %d is told nothing", i)
		}
		all = append(all, one)
	}
	if res := c.listen(t).res; res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the 17th: got %d, want 503", res.StatusCode)
	}
	_ = all[0].res.Body.Close()
	for deadline := time.Now().Add(10 * time.Second); ; {
		if c.listen(t).res.StatusCode == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("who leaves leaves no place")
		}
	}
	if err := live.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i, one := range all[1:] {
		for ok := true; ok; {
			_, ok = one.next()
		}
		if i == 0 {
			if res := c.listen(t).res; res.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("after Stop: got %d, want 503", res.StatusCode)
			}
		}
	}
}

func TestWhoReadsTooSlowlyIsSentAway(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{MaxSeries: 4000})
	live := newConsole(t, console.Config{}, s.recorder)
	c := serve(t, live)
	counter, _ := s.meters.Meter("test").Int64Counter("a")
	for i := range 1900 {
		counter.Add(t.Context(), 1, ofLimiter(strings.Repeat("x", i%50)+time.Duration(i).String()))
	}
	if err := s.recorder.Collect(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := live.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", c.srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("GET /debug/flow/api/live HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); live.Listeners() == 0; { // it has joined
		if time.Now().After(deadline) {
			t.Fatal("the listener does not join")
		}
		_, _ = c.do(http.MethodGet, "api/app", "")
	}
	told := 0
	for ; told < 10_000 && live.Listeners() > 0; told++ { // faster than any connection takes it
		live.Tell()
	}
	if n := live.Listeners(); n != 0 {
		t.Errorf("%d listeners are %d ticks behind and still there", n, told)
	}
	if err := live.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestConsoleIsAService(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	c := newConsole(t, console.Config{}, s.recorder)
	var _ core.Watched = c
	if err := c.Stop(t.Context()); err != nil {
		t.Errorf("Stop without Start: %v", err)
	}
	for range 2 {
		if err := c.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.Start(t.Context()); err == nil {
			t.Error("a second Start is let through")
		}
		for range 2 {
			if err := c.Stop(t.Context()); err != nil {
				t.Errorf("Stop: %v", err)
			}
		}
	}
	select {
	case err := <-c.Failed():
		t.Errorf("failed: %v", err)
	default:
	}
}
