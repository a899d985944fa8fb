package health_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core/health"
)

func exit() { runtime.Goexit() }

func TestStopWaitsForTheChecksAndNamesThoseThatStillRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		if err := r.Stop(t.Context()); err != nil || r.State() != health.Starting {
			t.Errorf("Stop without Start: %v, state %s", err, r.State())
		}
		add(t, r, health.Liveness, "quick", up)
		add(t, r, health.Liveness, "stuck", stuck)
		start(t, r)
		if err := r.Start(t.Context()); err == nil || err.Error() != `health: "app" is already started` {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := r.Stop(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `health: "app" still runs checks "stuck": `) {
			t.Errorf("got %v", err)
		}
		if err := r.Start(t.Context()); err == nil {
			t.Error("started while a check still runs")
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		for range 50 {
			if err := r.Stop(ctx); err != nil {
				t.Fatalf("all have returned, and Stop says %v", err)
			}
		}
	})
}

func TestStopIsNotAFailureOfTheCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		add(t, r, health.Liveness, "long", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		start(t, r)
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		expect(t, r, health.Liveness, health.Up)
	})
}

func TestStartAgainBelievesNothingFromBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		add(t, r, health.Readiness, "db", up)
		start(t, r)
		r.SetState(health.Ready)
		expect(t, r, health.Readiness, health.Up)
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if r.State() != health.Stopped {
			t.Errorf("state is %s", r.State())
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r.State() != health.Starting {
			t.Errorf("state is %s", r.State())
		}
		r.SetState(health.Ready)
		expect(t, r, health.Readiness, health.Down)
		synctest.Wait()
		expect(t, r, health.Readiness, health.Up)
	})
}

func TestChecksKeepTheValuesOfStartsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		r := newRegistry(t)
		var got any
		add(t, r, health.Liveness, "ctx", func(ctx context.Context) error { got = ctx.Value(key{}); return ctx.Err() })
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "kept"))
		cancel()
		if err := r.Start(ctx); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if expect(t, r, health.Liveness, health.Up); got != "kept" {
			t.Errorf("got %v", got)
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestEveryChangeIsToldAndTheLast128AreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []health.Change
		r := newRegistry(t,
			health.WithOnChange(func(health.Change) { panic("contained") }),
			health.WithOnChange(func(c health.Change) { told = append(told, c) }))
		r.SetState(health.Ready)
		r.SetState(health.Ready) // no change
		runs := 0
		add(t, r, health.Readiness, "flaky", func(ctx context.Context) error {
			if runs++; runs%4 < 2 { // up, up, down, down
				return down(ctx)
			}
			return nil
		})
		start(t, r)
		<-time.After(time.Hour)
		synctest.Wait()
		if len(told) < 150 {
			t.Fatalf("told %d changes", len(told))
		}
		if got := line(told[0]); got != "  starting>ready " {
			t.Errorf("got %q", got)
		}
		if got := line(told[1]); got != "readiness flaky pending>down no connection" {
			t.Errorf("got %q", got)
		}
		if got := line(told[2]); got != "readiness flaky down>up " {
			t.Errorf("got %q", got)
		}
		if got := r.Changes(); !slices.Equal(got, told[len(told)-128:]) {
			t.Errorf("kept %d, which are not the last 128 of %d", len(got), len(told))
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if got := line(told[len(told)-1]); got != "  ready>stopped " {
			t.Errorf("got %q", got)
		}
	})
}

func line(c health.Change) string {
	group := ""
	if c.Check != "" {
		group = c.Group.String()
	}
	return fmt.Sprintf("%s %s %s>%s %s", group, c.Check, c.From, c.To, c.Error)
}

func TestReportReadsWellAsJSON(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		add(t, r, health.Readiness, "db", func(context.Context) error {
			<-time.After(time.Second)
			return errors.New("no connection")
		})
		add(t, r, health.Readiness, "cache", stuck)
		add(t, r, health.Readiness, "slow", func(context.Context) error { return health.Degradedf("%d of 10 nodes", 9) })
		start(t, r)
		<-time.After(1500 * time.Millisecond)
		got, err := json.Marshal(r.Report(health.Readiness))
		want := `{"name":"app","group":"readiness","status":"down","state":"starting","checks":[` +
			`{"name":"db","status":"down","error":"no connection","since":"2000-01-01T00:00:01Z","checked":"2000-01-01T00:00:01Z","took_ns":1000000000,"failures":1},` +
			`{"name":"cache","status":"pending"},` +
			`{"name":"slow","status":"degraded","error":"9 of 10 nodes","since":"2000-01-01T00:00:00Z","checked":"2000-01-01T00:00:00Z"}],"degraded":1}`
		if err != nil || string(got) != want {
			t.Errorf("got  %s %v\nwant %s", got, err, want)
		}
	})
}

func TestNamesOfUnknownValues(t *testing.T) {
	t.Parallel()
	got := fmt.Sprint(health.Group(9), health.State(9), health.Status(9))
	if got != "unknown unknown unknown" {
		t.Errorf("got %q", got)
	}
}
