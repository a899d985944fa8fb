package watch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/health/watch"
)

const secret = "hunter2"

// alert is what a receiver reads.
type alert struct {
	Labels, Annotations map[string]string
	StartsAt, EndsAt    time.Time
	GeneratorURL        string
}

// receiver is a server without a network. It answers the n-th request, from 0 on, with what answer
// says: a status, 0 for none until the request is given up, or a negative number for no connection.
type receiver struct {
	answer func(n int) int

	mu     sync.Mutex
	at     []time.Time
	posted [][]alert
	header http.Header
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	var alerts []alert
	if err := json.Unmarshal(body, &alerts); err != nil {
		return nil, err
	}
	slices.SortFunc(alerts, func(a, b alert) int { return strings.Compare(fmt.Sprint(a.Labels), fmt.Sprint(b.Labels)) })
	r.mu.Lock()
	n := len(r.posted)
	r.posted, r.at, r.header = append(r.posted, alerts), append(r.at, time.Now()), req.Header
	r.mu.Unlock()
	status := http.StatusOK
	if r.answer != nil {
		status = r.answer(n)
	}
	switch {
	case status == 0:
		<-req.Context().Done()
		return nil, req.Context().Err()
	case status < 0:
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Location": {"http://elsewhere/"}}, Body: http.NoBody}, nil
}

// got is what was posted so far.
func (r *receiver) got() ([][]alert, []time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.posted), slices.Clone(r.at)
}

// newHook makes a webhook that talks to a receiver.
func newHook(t *testing.T, p *patient, r *receiver, cfg watch.WebhookConfig, opts ...watch.Option) *watch.Webhook {
	t.Helper()
	cfg.URL = "http://alertmanager/api/v2/alerts"
	client := &http.Client{Transport: r, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	hook, err := watch.NewWebhook("oncall", cfg, p.Registry, append(opts, watch.WithClient(client))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hook.Close)
	return hook
}

// startHook runs a webhook until the end of the test.
func startHook(t *testing.T, hook *watch.Webhook) {
	t.Helper()
	if err := hook.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := hook.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestAnAlertFiresIsSentAgainAndEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, p := &receiver{}, newPatient(t, nil)
		hook := newHook(t, p, r, watch.WebhookConfig{
			Token: secret, Headers: map[string]core.Secret{"X-Scope": "team"}, GeneratorURL: "http://orders/console",
		})
		startHook(t, hook)
		p.start()
		<-time.After(time.Hour + time.Millisecond)
		if posted, _ := r.got(); len(posted) != 0 {
			t.Fatalf("posted %v while all was well", posted)
		}
		p.becomes(errDown)
		down := p.Report(health.Readiness).Checks[0].Since
		posted, _ := r.got()
		want := alert{
			Labels: map[string]string{
				"alertname": "HealthCheckFailing", "service": "orders", "check": "db", "group": "readiness", "severity": "critical",
			},
			Annotations: map[string]string{"summary": `readiness check "db" of orders is down`, "description": "no connection"},
			StartsAt:    down, EndsAt: down.Add(4 * time.Minute), GeneratorURL: "http://orders/console",
		}
		if len(posted) != 1 || fmt.Sprint(posted[0]) != fmt.Sprint([]alert{want}) {
			t.Fatalf("got  %v\nwant %v", posted, want)
		}
		if r.header.Get("Authorization") != "Bearer "+secret || r.header.Get("X-Scope") != "team" || r.header.Get("Content-Type") != "application/json" {
			t.Errorf("sent with %v", r.header)
		}
		if got := hook.Stats(); got.Firing != 1 || got.Sent != 1 {
			t.Errorf("got %+v", got)
		}
		<-time.After(3 * time.Minute)
		posted, at := r.got()
		if len(posted) != 4 || at[3].Sub(at[0]) != 3*time.Minute || !posted[3][0].EndsAt.Equal(at[3].Add(4*time.Minute)) || !posted[3][0].StartsAt.Equal(down) {
			t.Errorf("after 3 minutes: %v at %v", posted, at)
		}
		p.becomes(nil)
		posted, _ = r.got()
		if last := posted[len(posted)-1][0]; len(posted) != 5 || !last.EndsAt.Equal(p.Report(health.Readiness).Checks[0].Since) {
			t.Errorf("%d posts, the last one %v", len(posted), last)
		}
		<-time.After(time.Hour)
		if posted, _ = r.got(); len(posted) != 5 || hook.Stats().Firing != 0 {
			t.Errorf("%d posts after the end, %+v", len(posted), hook.Stats())
		}
	})
}

func TestWorseIsAnotherAlert(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, p := &receiver{}, newPatient(t, nil)
		startHook(t, newHook(t, p, r, watch.WebhookConfig{Service: "shop"}))
		p.start()
		p.becomes(errSlow)
		p.becomes(errDown)
		p.SetState(health.Draining) // is no alert
		posted, at := r.got()
		if len(posted) != 2 || len(posted[1]) != 2 {
			t.Fatalf("got %v", posted)
		}
		if warned := posted[0][0]; warned.Labels["severity"] != "warning" || warned.Labels["service"] != "shop" || warned.Annotations["description"] != "1 of 2 copies" {
			t.Errorf("got %v", warned)
		}
		critical, warning := posted[1][0], posted[1][1]
		if critical.Labels["severity"] != "critical" || !critical.EndsAt.After(at[1]) || warning.Labels["severity"] != "warning" || warning.EndsAt.After(at[1]) {
			t.Errorf("got %v", posted[1])
		}
	})
}

func TestWhatFailedBeforeTheStartIsSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, p := &receiver{}, newPatient(t, errDown)
		hook := newHook(t, p, r, watch.WebhookConfig{})
		p.start()
		<-time.After(35 * time.Second)
		startHook(t, hook)
		synctest.Wait()
		posted, at := r.got()
		if len(posted) != 1 || at[0].Sub(posted[0][0].StartsAt) != 35*time.Second {
			t.Errorf("got %v at %v", posted, at)
		}
	})
}

func TestRequestsThatFailAreTriedAgainWithPauses(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]int{"no connection": -1, "status 500": 500, "too many": 429, "hangs": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &receiver{answer: func(n int) int {
					if n < 2 {
						return bad
					}
					return 200
				}}
				p := newPatient(t, errDown)
				hook := newHook(t, p, r, watch.WebhookConfig{})
				startHook(t, hook)
				p.start()
				<-time.After(30 * time.Second)
				synctest.Wait()
				posted, at := r.got()
				if len(posted) != 3 {
					t.Fatalf("%d requests, want 3", len(posted))
				}
				took := time.Duration(0)
				if bad == 0 {
					took = 5 * time.Second // the timeout
				}
				first, second := at[1].Sub(at[0])-took, at[2].Sub(at[1])-took
				if first < 500*time.Millisecond || first > time.Second || second < time.Second || second > 2*time.Second {
					t.Errorf("pauses of %v and %v, want about 1s and 2s", first, second)
				}
				if got := hook.Stats(); got.Sent != 1 || got.Failed != 2 || got.Refused != 0 || got.LastError != "" {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}

func TestADeadReceiverHoldsUpNothing(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]int{"hangs": 0, "no connection": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &receiver{answer: func(int) int { return bad }}
				p := newPatient(t, nil)
				hook := newHook(t, p, r, watch.WebhookConfig{})
				startHook(t, hook)
				p.start()
				for i := range 1000 {
					outcome := errDown
					if i%2 == 1 {
						outcome = nil
					}
					p.becomes(outcome)
				}
				if runs := p.History(health.Readiness, "db"); len(runs) != 32 || time.Since(runs[31].Time) > 10*time.Second {
					t.Errorf("the check was held up: %v", runs)
				}
				if posted, _ := r.got(); len(posted) < 50 || len(posted) > 400 || len(posted[len(posted)-1]) > 1 {
					t.Errorf("%d requests in %v, of %d alerts", len(posted), 10_000*time.Second, len(posted[len(posted)-1]))
				}
				if got := hook.Stats(); got.Sent != 0 || got.LastError == "" {
					t.Errorf("got %+v", got)
				}
				begin := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := hook.Stop(ctx); err != nil || time.Since(begin) > time.Second {
					t.Errorf("Stop took %v: %v", time.Since(begin), err)
				}
			})
		})
	}
}

func TestWhatIsRefusedIsNotTriedAgainAtOnce(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 404, 302} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &receiver{answer: func(int) int { return status }}
				p := newPatient(t, errDown)
				hook := newHook(t, p, r, watch.WebhookConfig{ResendEvery: 10 * time.Minute})
				startHook(t, hook)
				p.start()
				<-time.After(9 * time.Minute)
				if got, want := hook.Stats(), fmt.Sprintf("the receiver refused with status %d", status); got.Refused != 1 || got.Failed != 0 || got.LastError != want {
					t.Errorf("got %+v", got)
				}
				<-time.After(2 * time.Minute)
				if got := hook.Stats(); got.Refused != 2 {
					t.Errorf("after ResendEvery %+v", got)
				}
			})
		})
	}
}

func TestAnAlertThatEndedWhileTheReceiverWasAwayIsSentAsEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(n int) int { return map[bool]int{true: 503, false: 200}[n < 5] }} // the sixth comes after 15 s at least, when the check was run again
		p := newPatient(t, errDown)
		startHook(t, newHook(t, p, r, watch.WebhookConfig{}))
		p.start()
		p.becomes(nil)
		<-time.After(time.Minute)
		posted, at := r.got()
		last := posted[len(posted)-1]
		if len(posted) != 6 || len(last) != 1 || !last[0].EndsAt.Before(at[5]) || !last[0].StartsAt.Before(last[0].EndsAt) {
			t.Errorf("%d posts, the last one %v", len(posted), last)
		}
	})
}

func TestStopSendsWhatIsNotKnownYetAndStartGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(n int) int { return map[bool]int{true: 503, false: 200}[n == 0] }}
		p := newPatient(t, errDown)
		hook := newHook(t, p, r, watch.WebhookConfig{})
		if err := hook.Stop(t.Context()); err != nil {
			t.Errorf("Stop without Start: %v", err)
		}
		startHook(t, hook)
		if err := hook.Start(t.Context()); err == nil {
			t.Error("started twice")
		}
		p.start()
		if err := hook.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if got := hook.Stats(); got.Sent != 1 || got.Failed != 1 {
			t.Errorf("got %+v", got)
		}
		p.becomes(nil)
		if posted, _ := r.got(); len(posted) != 2 {
			t.Errorf("%d posts, want 2", len(posted))
		}
		startHook(t, hook)
		synctest.Wait()
		posted, at := r.got()
		if len(posted) != 3 || posted[2][0].EndsAt.After(at[2]) {
			t.Errorf("%d posts, the last one %v", len(posted), posted[len(posted)-1])
		}
	})
}

func TestAPanicOfTheClientIsAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(n int) int {
			if n == 0 {
				panic("boom")
			}
			return 200
		}}
		p := newPatient(t, errDown)
		hook := newHook(t, p, r, watch.WebhookConfig{})
		startHook(t, hook)
		p.start()
		<-time.After(5 * time.Second)
		if got := hook.Stats(); got.Sent != 1 || got.Failed != 1 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestARealReceiverGetsWhatAlertmanagerTakes(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.Method + " " + r.URL.Path + " " + r.Header.Get("Authorization") + " " + string(body)
		w.WriteHeader(http.StatusOK)
	}))
	defer server.Close()
	registry, err := health.New("orders", health.Config{})
	if err != nil {
		t.Fatal(err)
	}
	hook, err := watch.NewWebhook("oncall", watch.WebhookConfig{URL: server.URL + "/api/v2/alerts", Token: secret}, registry)
	if err != nil {
		t.Fatal(err)
	}
	defer hook.Close()
	add := registry.Add(health.Check{Name: "db", Run: func(context.Context) error { return errDown }})
	if err := errors.Join(add, hook.Start(t.Context()), registry.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	text := <-got
	for _, want := range []string{
		"POST /api/v2/alerts Bearer " + secret + ` [{"labels":{`, `"alertname":"HealthCheckFailing"`, `"startsAt":"20`, `"endsAt":"20`, `"severity":"critical"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("got %s, want one with %s", text, want)
		}
	}
	if err := errors.Join(registry.Stop(t.Context()), hook.Stop(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	cfg := watch.WebhookConfig{URL: "http://x", Token: secret, Headers: map[string]core.Secret{"X-Key": secret}}
	dumped, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, bad := watch.NewWebhook("oncall", watch.WebhookConfig{URL: "http://user:" + secret + "@x", Token: secret}, nil)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), string(dumped), bad.Error()} {
		if strings.Contains(text, secret) {
			t.Errorf("shows the secret: %s", text)
		}
	}
}

func TestNewWebhookRefusesABadConfig(t *testing.T) {
	t.Parallel()
	p := newPatient(t, nil)
	for _, url := range []string{"", "alertmanager", "ftp://x", "http://", "http://user:pass@x"} {
		_, err := watch.NewWebhook("oncall", watch.WebhookConfig{URL: url, Timeout: -1, ResendEvery: -1}, p.Registry)
		for _, want := range []string{"URL must be an http or https URL without a password", "Timeout must not", "ResendEvery must not"} {
			if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: got %v", url, err)
			}
		}
	}
}
