package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/loopback"
)

func newClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

func TestGatewayAdmitsTheBurstAndTellsTheRestWhenToComeBack(t *testing.T) {
	t.Parallel()
	p := startGateway(t, nil, "-load", "0", "-rate", "1/m", "-burst", "10")
	client := newClient(t)
	for i := range 25 {
		resp := get(t, client, p.url+"/hello", nil)
		if policy := resp.header.Get("RateLimit-Policy"); policy != `"clients";q=10;w=600` {
			t.Errorf("request %d: RateLimit-Policy is %s", i, policy)
		}
		if i < 10 {
			if resp.status != http.StatusOK || !strings.Contains(resp.body, "Hello") {
				t.Errorf("request %d: %d %q, want 200 from the sample", i, resp.status, resp.body)
			}
			continue
		}
		requireQuotaExceeded(t, resp)
	}
	requireMetrics(t, client, p.admin,
		`goflow_limiter_decisions_total{.*name="clients".*outcome="allowed".*} 10`,
		`goflow_limiter_decisions_total{.*name="clients".*outcome="denied".*} 15`,
		`http_server_request_duration_seconds_count{.*status_code="200".*server_address="gateway".*} 10`,
		`http_server_request_duration_seconds_count{.*status_code="429".*server_address="gateway".*} 15`,
		`target_info{.*service_name="gateway".*} 1`)
	if code := p.signal(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d, want 0; it said:\n%s", code, p.stderr.text())
	}
}

func requireQuotaExceeded(t *testing.T, resp answer) {
	t.Helper()
	if resp.status != http.StatusTooManyRequests {
		t.Errorf("status %d, want 429", resp.status)
	}
	after, limit := resp.header.Get("Retry-After"), resp.header.Get("RateLimit")
	if !regexp.MustCompile(`^(5[0-9]|60)$`).MatchString(after) || limit != `"clients";r=0;t=`+after {
		t.Errorf("Retry-After %q, RateLimit %q, want about 60 and r=0;t= the same", after, limit)
	}
	var problem struct {
		Type     string   `json:"type"`
		Status   int      `json:"status"`
		Violated []string `json:"violated-policies"`
	}
	if err := json.Unmarshal([]byte(resp.body), &problem); err != nil || resp.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("body %q of type %q: %v", resp.body, resp.header.Get("Content-Type"), err)
	}
	if problem.Type != "https://iana.org/assignments/http-problem-types#quota-exceeded" || problem.Status != 429 ||
		len(problem.Violated) != 1 || problem.Violated[0] != "clients" {
		t.Errorf("problem %+v", problem)
	}
}

// requireMetrics waits until /metrics at a gateway's admin URL has what matches each pattern: an answer is with the
// client before what the gateway counts about it is counted.
func requireMetrics(t *testing.T, client *http.Client, admin string, patterns ...string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		metrics := get(t, client, admin+"/metrics", nil).body
		missing := slices.IndexFunc(patterns, func(pattern string) bool {
			return !regexp.MustCompile(`(?m)^` + pattern + `$`).MatchString(metrics)
		})
		if missing < 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("/metrics has no %s, but\n%s", patterns[missing], grep(metrics, "goflow_limiter|http_server_request_duration_seconds_count"))
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}

func grep(text, pattern string) string {
	re := regexp.MustCompile(pattern)
	var found []string
	for line := range strings.Lines(text) {
		if re.MatchString(line) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}

// span is what the console exporter prints of one.
type span struct {
	Name        string
	SpanContext struct{ TraceID, SpanID string }
	Parent      struct{ SpanID string }
	SpanKind    int
}

func TestARequestIsOneTraceFromTheCallersSpanToTheUpstream(t *testing.T) {
	t.Parallel()
	p := startGateway(t, []string{"OTEL_TRACES_EXPORTER=console"}, "-load", "0")
	const caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	resp := get(t, newClient(t), p.url+"/hello", http.Header{"Traceparent": {caller}})
	if resp.status != http.StatusOK {
		t.Fatalf("status %d", resp.status)
	}
	if code := p.signal(syscall.SIGTERM); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	spans := make(map[string]span)
	for dec := json.NewDecoder(strings.NewReader(p.stdout.text())); ; {
		var s span
		if err := dec.Decode(&s); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if s.SpanContext.TraceID == "0af7651916cd43dd8448eb211c80319c" { // not that of a job
			spans[s.Name] = s
		}
	}
	server := spans["GET"].SpanContext.SpanID
	want := map[string]struct {
		parent string
		kind   int // of OpenTelemetry's API: 1 internal, 2 server, 3 client
	}{
		"GET":              {"b7ad6b7169203331", 2},
		"take clients":     {server, 1},
		"allow gateway":    {server, 1},
		"push usage":       {server, 1},
		"acquire upstream": {server, 1},
		"attempt upstream": {server, 1},
		"HTTP GET":         {spans["attempt upstream"].SpanContext.SpanID, 3},
		"GET /hello":       {spans["HTTP GET"].SpanContext.SpanID, 2},
	}
	for name, w := range want {
		s, ok := spans[name]
		if !ok || s.Parent.SpanID != w.parent || s.SpanKind != w.kind {
			t.Errorf("span %q is %+v, want parent %s and kind %d", name, s, w.parent, w.kind)
		}
	}
	if len(spans) != len(want) {
		t.Errorf("%d spans, want %d: %v", len(spans), len(want), spans)
	}
}

// Every request a client could send is answered, also while the gateway stops.
func TestSIGTERMUnderFullLoadLosesNoRequest(t *testing.T) {
	t.Parallel()
	p := startGateway(t, nil, "-load", "0", "-rate", "1000000/s", "-burst", "1000000")
	var sent, answered, refused, lost atomic.Int64
	var workers sync.WaitGroup
	quit := make(chan struct{})
	client := newClient(t)
	for range 32 {
		workers.Go(func() {
			for {
				select {
				case <-quit:
					return
				default:
				}
				sent.Add(1)
				switch err := fetch(client, p.url+"/hello"); {
				case err == nil:
					answered.Add(1)
				case errors.Is(err, syscall.ECONNREFUSED):
					refused.Add(1)
					return
				default:
					lost.Add(1)
					t.Errorf("a request was lost: %v", err)
					return
				}
			}
		})
	}
	<-time.After(2 * time.Second)
	code := p.signal(syscall.SIGTERM)
	close(quit)
	workers.Wait()
	if code != 0 {
		t.Errorf("exit code %d; it said:\n%s", code, p.stderr.text())
	}
	if answered.Load() < 100 || refused.Load() == 0 {
		t.Errorf("%d answered, %d refused: the run shows nothing", answered.Load(), refused.Load())
	}
	t.Logf("%d sent, %d answered, %d refused after the end, %d lost", sent.Load(), answered.Load(), refused.Load(), lost.Load())
}

func fetch(client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return err
}

func TestGatewayIsReadyWhileItServesAndNotWhileItDrains(t *testing.T) {
	t.Parallel()
	p := startGateway(t, nil, "-load", "0", "-drain", "4s")
	client := newClient(t)
	for deadline := time.Now().Add(10 * time.Second); ; { // its checks have to run once
		resp := get(t, client, p.admin+"/readyz", nil)
		if resp.status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("/readyz is %d %q", resp.status, resp.body)
		}
	}
	done := make(chan int)
	go func() { done <- p.signal(syscall.SIGTERM) }()
	for deadline := time.Now().Add(3 * time.Second); ; {
		resp := get(t, client, p.admin+"/readyz", nil)
		if resp.status == http.StatusServiceUnavailable {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("/readyz stays ready after SIGTERM")
		}
	}
	if resp := get(t, client, p.url+"/hello", nil); resp.status != http.StatusOK {
		t.Errorf("while draining a request gets %d, want 200", resp.status)
	}
	if resp := get(t, client, p.admin+"/livez", nil); resp.status != http.StatusOK {
		t.Errorf("/livez while draining is %d, want 200", resp.status)
	}
	if code := <-done; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestAnAddressInUseIsExitCodeOne(t *testing.T) {
	t.Parallel()
	first := startGateway(t, nil, "-load", "0")
	binary, err := gatewayBinary()
	if err != nil {
		t.Fatal(err)
	}
	addr := strings.TrimPrefix(first.url, "http://")
	out, err := exec.CommandContext(t.Context(), binary, "-load", "0", "-admin", "127.0.0.1:0", "-grpc", "127.0.0.1:0", "-addr", addr).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
		t.Errorf("it ended with %v, want exit code 1", err)
	}
	if text := string(out); !strings.Contains(text, addr) || strings.Count(text, "\n") != 1 {
		t.Errorf("it said %q, want one line with %s", text, addr)
	}
}

// What the tests of the gateway's package cannot see: what comes on stderr by another way.
func TestASettingThatFailsLateIsOneLineToo(t *testing.T) {
	t.Parallel()
	binary, err := gatewayBinary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "-addr", "127.0.0.1:0", "-grpc", "127.0.0.1:0", "-admin", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=carrier-pigeon")
	out, _ := cmd.CombinedOutput() // the exit code tells
	if text := string(out); cmd.ProcessState.ExitCode() != 2 || !strings.Contains(text, "OTEL_TRACES_EXPORTER") || strings.Count(text, "\n") != 1 {
		t.Errorf("exit code %d, it said %q, want 2 and one line with the variable", cmd.ProcessState.ExitCode(), text)
	}
}

func TestGatewayMakesItsOwnLoad(t *testing.T) {
	t.Parallel()
	p := startGateway(t, nil, "-load", "50")
	client := newClient(t)
	for deadline := time.Now().Add(10 * time.Second); ; {
		metrics := get(t, client, p.admin+"/metrics", nil).body
		if regexp.MustCompile(`(?m)^goflow_limiter_decisions_total{.*"allowed".*} [1-9]`).MatchString(metrics) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no decision was made")
		}
	}
	if code := p.signal(syscall.SIGINT); code != 0 {
		t.Errorf("exit code %d after SIGINT", code)
	}
}

// startUpstream serves ok on addr until stop, which cuts all connections.
func startUpstream(t *testing.T, addr string) (stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", addr) //nolint:noctx // it listens at once
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }),
		ReadHeaderTimeout: time.Second,
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l) // until stop
	}()
	return sync.OnceFunc(func() {
		_ = s.Close()
		<-done
	})
}

func TestGatewaySurvivesItsUpstreamBeingKilledAndComingBack(t *testing.T) {
	t.Parallel()
	addr := loopback.Addr(t)
	stop := startUpstream(t, addr)
	p := startGateway(t, nil, "-load", "0", "-upstream", "http://"+addr, "-rate", "100000/s", "-burst", "100000")
	client := newClient(t)
	until := func(what string, want func(status int) bool) answer {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; {
			resp := get(t, client, p.url+"/", nil)
			if want(resp.status) {
				return resp
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: still %d; it said:\n%s", what, resp.status, p.stderr.text())
			}
		}
	}
	until("at first", func(status int) bool { return status == http.StatusOK })
	stop()
	resp := until("once the upstream is down and the breaker open", func(status int) bool { return status == http.StatusServiceUnavailable })
	if after := resp.header.Get("Retry-After"); after == "" {
		t.Error("503 without Retry-After")
	}
	requireMetrics(t, client, p.admin, `goflow_breaker_state{.*name="upstream".*state="open".*} 1`)
	defer startUpstream(t, addr)()
	until("once the upstream is back", func(status int) bool { return status == http.StatusOK })
	requireMetrics(t, client, p.admin,
		`goflow_breaker_state{.*name="upstream".*state="closed".*} 1`,
		`goflow_limiter_permit_usage{.*name="upstream".*} 0`)
	if code := p.signal(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// What clients asked for is in the access log once the gateway has stopped, and in the traffic page a while
// after.
func TestGatewayWritesAnAccessLogAndShowsItsTraffic(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "access.log")
	p := startGateway(t, []string{"GATEWAY_ACCESS_LOG=" + file}, "-load", "0", "-rate", "1/m", "-burst", "3")
	client := newClient(t)
	for range 5 {
		get(t, client, p.url+"/hello", nil)
	}
	var traffic []struct {
		Routes []struct {
			Route            string
			Status, Requests int
		}
	}
	for deadline := time.Now().Add(30 * time.Second); len(traffic) == 0; {
		resp := get(t, client, p.admin+"/debug/traffic", nil)
		if err := json.Unmarshal([]byte(resp.body), &traffic); err != nil {
			t.Fatalf("%v: %s", err, resp.body)
		}
		if time.Now().After(deadline) {
			t.Fatal("no traffic was shown")
		}
		<-time.After(100 * time.Millisecond)
	}
	if got := fmt.Sprintf("%+v", traffic); got != "[{Routes:[{Route:GET /hello Status:200 Requests:3} {Route:GET /hello Status:429 Requests:2}]}]" {
		t.Errorf("the traffic is %s, want three requests that got through and two that did not", got)
	}
	requireMetrics(t, client, p.admin, `goflow_stream_items_total{.*stream_name="traffic".*outcome="emitted".*stage="buffer".*} 5`)
	if code := p.signal(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d; it said:\n%s", code, p.stderr.text())
	}
	lines, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	served := strings.Count(string(lines), `"method":"GET","path":"/hello","status":200,"bytes":32,`)
	refused := strings.Count(string(lines), `"method":"GET","path":"/hello","status":429,`)
	if served != 3 || refused != 2 || strings.Count(string(lines), "\n") != 5 {
		t.Errorf("the access log is\n%s", lines)
	}
}

// The jobs are there from the start, and the one that runs often has run after a while.
func TestGatewayRunsItsMaintenanceJobs(t *testing.T) {
	t.Parallel()
	up := startGateway(t, []string{"OTEL_TRACES_EXPORTER=console"}, "-load", "0")
	down := startGateway(t, nil, "-load", "0", "-upstream", "http://127.0.0.1:1")
	client := newClient(t)
	for _, job := range []string{"sweep-clients", "statistics", "probe-upstream"} {
		requireMetrics(t, client, up.admin, `goflow_job_runs_total{.*job_name="`+job+`".*outcome="failure".*} 0`)
	}
	for p, outcome := range map[*process]string{up: "success", down: "failure"} {
		probed := regexp.MustCompile(`(?m)^goflow_job_runs_total{.*job_name="probe-upstream".*outcome="` + outcome + `".*} [1-9]`)
		for deadline := time.Now().Add(30 * time.Second); !probed.MatchString(get(t, client, p.admin+"/metrics", nil).body); {
			if time.Now().After(deadline) {
				t.Fatalf("the upstream was never probed with %s; it said:\n%s", outcome, p.stderr.text())
			}
			<-time.After(100 * time.Millisecond)
		}
		if code := p.signal(syscall.SIGTERM); code != 0 {
			t.Errorf("exit code %d; it said:\n%s", code, p.stderr.text())
		}
	}
	if text := up.stdout.text(); !strings.Contains(text, `"run probe-upstream"`) || !strings.Contains(text, `"HTTP HEAD"`) {
		t.Errorf("no trace of the probe in\n%s", text)
	}
}

func TestAnUpstreamThatIsDownIsABadGateway(t *testing.T) {
	t.Parallel()
	p := startGateway(t, nil, "-load", "0", "-upstream", "http://127.0.0.1:1")
	if resp := get(t, newClient(t), p.url+"/", nil); resp.status != http.StatusBadGateway {
		t.Errorf("status %d, want 502", resp.status)
	}
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(p.stderr.text(), "upstream did not answer"); {
		if time.Now().After(deadline) {
			t.Fatalf("it said %q", p.stderr.text())
		}
		<-time.After(10 * time.Millisecond)
	}
}
