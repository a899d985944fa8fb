package integration

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/redistest"
)

// clientAt is a client with a loopback address of its own, and so a limit of its own.
func clientAt(t *testing.T, host string) *http.Client {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DialContext: dialer.DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// admitted makes n requests to each gateway, from several goroutines, and counts those that got through.
func admitted(t *testing.T, client *http.Client, n int, gateways ...*process) []int {
	t.Helper()
	through := make([]atomic.Int64, len(gateways))
	var workers sync.WaitGroup
	for i, p := range gateways {
		var left atomic.Int64
		left.Store(int64(n))
		for range 4 {
			workers.Go(func() {
				for left.Add(-1) >= 0 {
					switch err := fetch(client, p.url+"/hello"); {
					case err == nil:
						through[i].Add(1)
					case err.Error() != "429 Too Many Requests":
						t.Errorf("got %v, want 200 or 429", err)
					}
				}
			})
		}
	}
	workers.Wait()
	counts := make([]int, len(gateways))
	for i := range through {
		counts[i] = int(through[i].Load())
	}
	return counts
}

// metric is the value of the one sample that matches a pattern; 0 when there is none.
func metric(t *testing.T, client *http.Client, p *process, pattern string) float64 {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + pattern + ` (\S+)`).FindStringSubmatch(get(t, client, p.admin+"/metrics", nil).body)
	if found == nil {
		return 0
	}
	v, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// await waits until ok, and says how long that took.
func await(t *testing.T, what string, ok func() bool) time.Duration {
	t.Helper()
	begin := time.Now()
	for !ok() {
		if time.Since(begin) > 60*time.Second {
			t.Fatalf("%s did not come", what)
		}
		<-time.After(5 * time.Millisecond)
	}
	return time.Since(begin)
}

// startTwo starts two gateways that share a limit through a server, and waits until they know of each other.
func startTwo(t *testing.T, server *redistest.Server, env []string, args ...string) (a, b *process) {
	t.Helper()
	env = append([]string{"REDIS_ADDRS=" + server.Addr(), "REDIS_BUDGET=5s"}, env...)
	args = append([]string{"-load", "0"}, args...)
	a, b = startGateway(t, env, args...), startGateway(t, env, args...)
	client := newClient(t)
	for _, p := range []*process{a, b} {
		await(t, "the other gateway", func() bool { return metric(t, client, p, `goflow_coordination_instances{.*}`) == 2 })
	}
	return a, b
}

// mode says whether a gateway is in a mode.
func mode(t *testing.T, client *http.Client, p *process, name string) bool {
	t.Helper()
	return metric(t, client, p, `goflow_coordination_mode{.*goflow_coordination_mode="`+name+`".*}`) == 1
}

// alone is how many decisions gateways have made without Redis.
func alone(t *testing.T, client *http.Client, gateways ...*process) (n int) {
	t.Helper()
	for _, p := range gateways {
		n += int(metric(t, client, p, `goflow_coordination_decisions_total{.*goflow_coordination_mode="degraded".*}`))
	}
	return n
}

func end(t *testing.T, gateways ...*process) {
	t.Helper()
	for _, p := range gateways {
		if code := p.signal(syscall.SIGTERM); code != 0 {
			t.Errorf("exit code %d; it said:\n%s", code, p.stderr.text())
		}
	}
}

func TestTwoGatewaysAndOneRedisAdmitTheLimitExactlyInSum(t *testing.T) {
	t.Parallel()
	a, b := startTwo(t, redistest.Single(t), nil, "-rate", "1/h", "-burst", "60")
	got := admitted(t, newClient(t), 90, a, b) // 3 times the limit in all
	client := newClient(t)
	local := alone(t, client, a, b) // where this machine was too slow for a reply
	if sum := got[0] + got[1]; sum < 60 || sum > 60+local || got[0] == 0 || got[1] == 0 {
		t.Errorf("they admitted %v, want 60 in sum, some at each, and at most the %d more that were decided alone", got, local)
	}
	for i, p := range []*process{a, b} {
		counted := metric(t, client, p, `goflow_limiter_decisions_total{.*name="clients".*outcome="allowed".*}`)
		if int(counted) != got[i] {
			t.Errorf("gateway %d counted %v admissions, want %d", i, counted, got[i])
		}
		if !mode(t, client, p, "coordinated") {
			t.Errorf("gateway %d is not coordinated", i)
		}
		if text := p.stderr.text(); strings.Count(text, "are shared through redis") != 1 {
			t.Errorf("it said\n%s", text)
		}
	}
	end(t, a, b)
}

// The limit is 40 for a client, so the share of each of two gateways is 20.
func TestGatewaysGoToTheirSharesWhenRedisIsKilledAndBackWhenItReturns(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	a, b := startTwo(t, server, []string{"REDIS_BUDGET=1s", "OTEL_TRACES_EXPORTER=console"}, "-rate", "1/h", "-burst", "40")
	both := []*process{a, b}
	admin := newClient(t)
	traced(t, a, "127.0.0.2", 1)

	server.Kill()
	victim := clientAt(t, "127.0.0.3")
	through := make([]int, 2)
	took := await(t, "the share", func() bool {
		for i, n := range admitted(t, victim, 1, both...) {
			through[i] += n
		}
		return mode(t, admin, a, "degraded") && mode(t, admin, b, "degraded")
	})
	t.Logf("both went to their shares within %v", took)
	if took > time.Second+raceAllowance {
		t.Errorf("both went to their shares within %v, want 1s", took)
	}
	for i, n := range admitted(t, victim, 60, both...) {
		if through[i] += n; through[i] != 20 {
			t.Errorf("without redis, gateway %d admitted %d, want its share of 20", i, through[i])
		}
	}
	traced(t, a, "127.0.0.2", 2)

	server.Revive()
	took = await(t, "coordination", func() bool { return mode(t, admin, a, "coordinated") && mode(t, admin, b, "coordinated") })
	t.Logf("both were back after %v", took)
	<-time.After(time.Second) // until all calls, and not only some, go to Redis again
	before := alone(t, admin, both...)
	got := admitted(t, clientAt(t, "127.0.0.4"), 60, both...)
	local := alone(t, admin, both...) - before // where this machine was too slow for the budget
	if sum := got[0] + got[1]; sum < 40 || sum > 40+local {
		t.Errorf("with redis again, they admitted %v, want 40 in sum and at most the %d that were decided alone", got, local)
	}
	end(t, both...)
	requireTrace(t, spansOf(t, a, 1), "coordinated", "evalsha")
	requireTrace(t, spansOf(t, a, 2), "degraded", "")
}

// traced makes a request that is part of a trace.
func traced(t *testing.T, p *process, from string, trace int) {
	t.Helper()
	parent := fmt.Sprintf("00-%032x-b7ad6b7169203331-01", trace)
	if resp := get(t, clientAt(t, from), p.url+"/hello", http.Header{"Traceparent": {parent}}); resp.status != http.StatusOK {
		t.Fatalf("status %d", resp.status)
	}
}

// traceSpan is what the console exporter prints of a span, and what it says of the coordination.
type traceSpan struct {
	span
	Attributes []struct {
		Key   string
		Value struct{ Value any }
	}
}

// spansOf are the spans of a trace, once the gateway has ended.
func spansOf(t *testing.T, p *process, trace int) map[string]traceSpan {
	t.Helper()
	spans := make(map[string]traceSpan)
	for dec := json.NewDecoder(strings.NewReader(p.stdout.text())); ; {
		var s traceSpan
		switch err := dec.Decode(&s); {
		case errors.Is(err, io.EOF):
			return spans
		case err != nil:
			t.Fatal(err)
		}
		if s.SpanContext.TraceID == fmt.Sprintf("%032x", trace) {
			spans[s.Name] = s
		}
	}
}

// requireTrace checks that a trace goes from the request through the limiter's decision, made in a mode, to
// the command in Redis, if there is to be one.
func requireTrace(t *testing.T, spans map[string]traceSpan, mode, command string) {
	t.Helper()
	server, decision := spans["GET"], spans["take clients"]
	if server.Parent.SpanID != "b7ad6b7169203331" || decision.Parent.SpanID != server.SpanContext.SpanID {
		t.Errorf("the decision %+v is not under the request %+v", decision, server)
	}
	said := ""
	for _, a := range decision.Attributes {
		if a.Key == "goflow.coordination.mode" {
			said = fmt.Sprint(a.Value.Value)
		}
	}
	if said != mode {
		t.Errorf("the decision was made in mode %q, want %q", said, mode)
	}
	if s, ok := spans[command]; command != "" && (!ok || s.Parent.SpanID != decision.SpanContext.SpanID || s.SpanKind != 3) {
		t.Errorf("there is no command %q of a client's under the decision among %v", command, spans)
	}
}

func TestAJobRunsOnceAcrossTwoGateways(t *testing.T) {
	t.Parallel()
	a, b := startTwo(t, redistest.Single(t), nil)
	client := newClient(t)
	count := func(p *process, outcome string) float64 {
		return metric(t, client, p, `goflow_job_runs_total{.*job_name="census".*outcome="`+outcome+`".*}`)
	}
	// The first was there for all occurrences, the second for nearly all: those that one of them did not run
	// the other did.
	await(t, "as many runs as there were occurrences", func() bool {
		ran, skipped := count(a, "success")+count(b, "success"), count(a, "skipped")+count(b, "skipped")
		return skipped >= 2 && ran == count(a, "success")+count(a, "skipped") && skipped == count(b, "success")+count(b, "skipped")
	})
	if failed := count(a, "failure") + count(b, "failure"); failed != 0 {
		t.Errorf("%v runs failed", failed)
	}
	said := a.stderr.text() + b.stderr.text()
	if !strings.Contains(said, "gateways that share the limit") || !strings.Contains(said, "number=2 mode=coordinated") {
		t.Errorf("they said\n%s", said)
	}
	end(t, a, b)
}

func TestAGatewayStartsWhileRedisIsDownAndUsesItOnceItIsThere(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	server.Kill()
	p := startGateway(t, []string{"REDIS_ADDRS=" + server.Addr()}, "-load", "0")
	client := newClient(t)
	await(t, "a gateway that is ready", func() bool { return get(t, client, p.admin+"/readyz", nil).status == http.StatusOK })
	if resp := get(t, client, p.url+"/hello", nil); resp.status != http.StatusOK {
		t.Errorf("status %d, want 200", resp.status)
	}
	await(t, "degraded mode", func() bool { return mode(t, client, p, "degraded") })
	server.Revive()
	await(t, "coordinated mode", func() bool { return mode(t, client, p, "coordinated") })
	if text := p.stderr.text(); strings.Contains(text, "redis: ") {
		t.Errorf("it repeats what telemetry says once:\n%s", text)
	}
	end(t, p)
}
