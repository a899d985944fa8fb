package integration

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// console asks the console of a gateway for something, which is JSON.
func console[T any](t *testing.T, p *process, path string) T {
	t.Helper()
	resp := get(t, newClient(t), p.admin+"/debug/flow/api/"+path, nil)
	var v T
	if err := json.Unmarshal([]byte(resp.body), &v); err != nil || resp.status != http.StatusOK {
		t.Fatalf("%s: %d %s: %v", path, resp.status, resp.body, err)
	}
	return v
}

type seriesOf struct {
	Series []struct {
		Metric string
		Type   string
		Values []*float64
		Rate   []*float64
	}
}

// moves says whether a series has been anything but zero.
func (s seriesOf) moves() bool {
	for _, one := range s.Series {
		if slices.ContainsFunc(slices.Concat(one.Values, one.Rate), func(v *float64) bool { return v != nil && *v != 0 }) {
			return true
		}
	}
	return false
}

func TestEverythingMovesInTheConsoleWithinThreeSecondsOfTheStart(t *testing.T) {
	t.Parallel()
	p := startGateway(t, nil)
	ready := time.Now()
	waiting := []string{
		"limiter/clients", "limiter/upstream", "limiter/upstream-grpc", "breaker/upstream", "breaker/upstream-grpc", "retry/upstream",
		"pool/mirror", "pool/jobs", "job/probe-upstream", "scheduler/jobs", "stream/traffic", "writer/access-log",
		"http/server", "http/client", "rpc/server", "rpc/client", "runtime/go",
	}
	bound := 3 * time.Second
	if raceEnabled {
		bound *= 4 // a slow binary, on a machine that runs other tests
	}
	for len(waiting) > 0 && time.Since(ready) < bound {
		waiting = slices.DeleteFunc(waiting, func(name string) bool {
			return console[seriesOf](t, p, "series?seconds=30&engine="+name).moves()
		})
	}
	if len(waiting) > 0 {
		t.Errorf("after %v these have not moved: %v", time.Since(ready), waiting)
	}
}

type tracesOf struct {
	Traces []struct{ ID, Root string }
}

type traceOf struct {
	Spans []struct {
		Name     string
		Links    []struct{ Trace, Span, Name string }
		LinkedBy []struct{ Trace, Span, Name string } `json:"linked_by"`
	}
}

func TestAFailedRequestLeadsToTheRecheckItScheduled(t *testing.T) {
	t.Parallel()
	p := startGateway(t, nil, "-load", "0")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/broken", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := newClient(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		for _, found := range console[tracesOf](t, p, "traces?root=POST").Traces {
			for _, s := range console[traceOf](t, p, "traces/"+found.ID).Spans {
				for _, l := range s.LinkedBy {
					later := console[traceOf](t, p, "traces/"+l.Trace)
					if len(later.Spans) > 1 && len(later.Spans[0].Links) > 0 && later.Spans[0].Links[0].Trace == found.ID {
						return
					}
				}
			}
		}
	}
	t.Error("no trace is linked to the one of the failed request")
}

func TestARateIsChangedWithTheTokenAloneAndHoldsAtOnce(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef0123456789abcdef"
	p := startGateway(t, []string{"GATEWAY_CONSOLE_TOKEN=" + token}, "-load", "0", "-rate", "1/m", "-burst", "3")
	if text := p.stderr.text(); strings.Contains(text, token) || strings.Contains(text, "token ") {
		t.Errorf("it said a token: %s", text)
	}
	act := func(token string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.admin+"/debug/flow/api/actions",
			strings.NewReader(`{"kind":"limiter","name":"clients","action":"set_burst","args":{"burst":"7"}}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := newClient(t).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if code := act("not-the-token-at-all"); code != http.StatusUnauthorized {
		t.Errorf("a wrong token got %d", code)
	}
	requireMetrics(t, newClient(t), p.admin, `goflow_limiter_permit_limit{.*name="clients".*} 3`)
	if code := act(token); code != http.StatusOK {
		t.Errorf("the token got %d", code)
	}
	requireMetrics(t, newClient(t), p.admin, `goflow_limiter_permit_limit{.*name="clients".*} 7`)
}

func TestTheBootOfTheGatewayIsATrace(t *testing.T) {
	t.Parallel()
	p := startGateway(t, nil, "-load", "0")
	boot := console[struct{ Start *traceOf }](t, p, "boot")
	if boot.Start == nil || len(boot.Start.Spans) < 20 || boot.Start.Spans[0].Name != "app start" {
		t.Errorf("got %+v", boot)
	}
}
