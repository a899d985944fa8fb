package health_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core/health"
)

// script is a check whose runs have the outcomes of a text: u(p), g (degraded), d(own).
func script(t *testing.T, outcomes string) func(context.Context) error {
	t.Helper()
	return func(context.Context) error {
		if outcomes == "" {
			return nil
		}
		next := outcomes[0]
		outcomes = outcomes[1:]
		switch next {
		case 'd':
			return fmt.Errorf("fault %d", len(outcomes))
		case 'g':
			return health.Degradedf("slow %d", len(outcomes))
		}
		return nil
	}
}

func TestThresholdsKeepABlipFromTheStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                string
		failures, successes int
		outcomes, want      string
	}{
		{"none by default", 0, 0, "uduggd", "uduggd"},
		{"three failures in a row", 3, 1, "uddudddu", "uuuuuudu"},
		{"two successes in a row", 1, 2, "uuduuduu", "puddudd" + "u"},
		{"pending until either is reached", 3, 2, "ududdd", "pppppd"},
		{"degraded counts as worse than up", 2, 1, "uggudgdd", "uuguug" + "gd"},
		{"and as better than down", 1, 2, "dgugguu", "ddg" + "ggg" + "u"},
		{"down from degraded", 2, 1, "uggdgdd", "uugggg" + "d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRegistry(t)
				check := health.Check{Name: "x", Run: script(t, c.outcomes), FailureThreshold: c.failures, SuccessThreshold: c.successes}
				if err := r.Add(check); err != nil {
					t.Fatal(err)
				}
				start(t, r)
				if got := statuses(r, len(c.outcomes)); got != c.want {
					t.Errorf("outcomes %s: got %s, want %s", c.outcomes, got, c.want)
				}
			})
		})
	}
}

// statuses is the status of the readiness check after each of n runs, one letter each.
func statuses(r *health.Registry, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			<-time.After(10 * time.Second)
			synctest.Wait()
		}
		b.WriteByte(letter(r.Report(health.Readiness).Checks[0].Status))
	}
	return b.String()
}

func letter(s health.Status) byte {
	return map[health.Status]byte{health.Pending: 'p', health.Up: 'u', health.Degraded: 'g', health.Down: 'd'}[s]
}

func TestStatusFollowsTheLastRunsAsTheReferenceDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		outcomes := rapid.StringOfN(rapid.RuneFrom([]rune("ugd")), 1, 60, -1).Draw(rt, "outcomes")
		failures, successes := rapid.IntRange(1, 4).Draw(rt, "failures"), rapid.IntRange(1, 4).Draw(rt, "successes")
		var got string
		synctest.Test(t, func(t *testing.T) {
			r := newRegistry(t)
			check := health.Check{Name: "x", Run: script(t, outcomes), FailureThreshold: failures, SuccessThreshold: successes}
			if err := r.Add(check); err != nil {
				t.Fatal(err)
			}
			start(t, r)
			got = statuses(r, len(outcomes))
			if err := r.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
		if want := reference(outcomes, failures, successes); got != want {
			rt.Fatalf("outcomes %s, thresholds %d and %d: got %s, want %s", outcomes, failures, successes, got, want)
		}
	})
}

// reference reads the rules off the last runs themselves.
func reference(outcomes string, failures, successes int) string {
	status, all := byte('p'), make([]byte, 0, len(outcomes))
	for i := range len(outcomes) {
		last := func(n int, among string) bool {
			return i+1 >= n && strings.Trim(outcomes[i+1-n:i+1], among) == ""
		}
		switch {
		case last(failures, "d"):
			status = 'd'
		case last(successes, "u"):
			status = 'u'
		case status == 'u' && last(failures, "gd"):
			status = 'g'
		case strings.ContainsRune("pd", rune(status)) && last(successes, "ug"):
			status = 'g'
		}
		all = append(all, status)
	}
	return string(all)
}

func TestTheErrorIsShownWhileThresholdsHoldTheStatus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		check := health.Check{Name: "x", Run: script(t, "udduu"), FailureThreshold: 2, SuccessThreshold: 2}
		if err := r.Add(check); err != nil {
			t.Fatal(err)
		}
		start(t, r)
		var got []string
		for range 6 {
			c := r.Report(health.Readiness).Checks[0]
			got = append(got, strings.TrimSpace(fmt.Sprint(c.Status, " ", c.Error, " ", c.Failures)))
			<-time.After(10 * time.Second)
			synctest.Wait()
		}
		want := []string{"pending  0", "pending fault 3 1", "down fault 2 2", "down fault 2 0", "up  0", "up  0"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestACheckThatDoesNotReturnReachesTheThreshold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		r.SetState(health.Ready)
		runs := 0
		err := r.Add(health.Check{Group: health.Liveness, Name: "loop", FailureThreshold: 3, Run: func(context.Context) error {
			if runs++; runs == 2 {
				<-time.After(time.Minute)
			}
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		start(t, r)
		for at, want := range map[time.Duration]health.Status{29 * time.Second: health.Up, 31 * time.Second: health.Down, 80 * time.Second: health.Up} {
			time.AfterFunc(at, func() {
				if got := r.Report(health.Liveness); got.Status != want {
					t.Errorf("after %v %s, want %s: %+v", at, got.Status, want, got.Checks)
				}
			})
		}
		<-time.After(85 * time.Second)
		synctest.Wait()
		if history := r.History(health.Liveness, "loop"); runs < 3 || history[2].Error != "timed out after 2s" || history[2].Took != 2*time.Second {
			t.Errorf("%d runs, %+v", runs, history)
		}
	})
}
