package faults

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/faultnet"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

// childVariable makes a process of this test's program a child, and tells it what to do.
const childVariable = "GOFLOW_FAULTS_CHILD"

// order is what a child does.
type order struct {
	Addr, Prefix     string
	RPS, Rate, Burst int
	From             time.Time
	For              time.Duration
}

// account is what a child got.
type account struct {
	Asked, Allowed, Answered, Unknown, Failed int64
	Began, Ended                              time.Time
}

// runChild asks, and prints its account.
func runChild(spec string) (code int) {
	var o order
	if err := json.Unmarshal([]byte(spec), &o); err != nil {
		return 2
	}
	a, err := o.run()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(a)
	}
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error())
		return 1
	}
	return 0
}

func (o order) run() (account, error) {
	client, err := flowredis.NewClient(at(o.Addr))
	if err != nil {
		return account{}, err
	}
	defer client.Close() //nolint:errcheck // it ends
	c, err1 := flowredis.New("shared", client, flowredis.Config{Prefix: o.Prefix, Budget: time.Second})
	l, err2 := flowredis.NewTokenBucket("api", c, flowredis.TokenBucketConfig{
		Rate: limit.PerSecond(float64(o.Rate)), Burst: o.Burst, Fallback: flowredis.FailClosed,
	})
	if err := errors.Join(err1, err2); err != nil {
		return account{}, err
	}
	<-time.After(time.Until(o.From))
	a := account{Began: time.Now()}
	ld := startLoad(o.RPS, workers/4, []ask{{"plain", func(ctx context.Context) (limit.Decision, error) { return l.Take(ctx, 1) }}})
	<-time.After(o.For)
	ld.end()
	a.Ended = time.Now()
	failed, _ := ld.failures()
	st := c.Stats()
	a.Asked, a.Allowed, a.Failed = ld.asked.Load(), l.Stats().Coordinated.Allowed, int64(failed)
	a.Answered, a.Unknown = st.Answered, st.Unknown
	return a, nil
}

// fourProcesses share one limit. They fail closed, so what they are allowed is what Redis gave, and are not
// in a hurry, so that it gives all it may.
func fourProcesses(tr *trial) {
	server := redistest.Single(tr.t)
	o := order{
		Addr: server.Addr(), Prefix: redistest.Prefix(tr.t), RPS: tr.rps() / 4, Rate: tr.rps() / 2, Burst: tr.rps() / 10,
		From: time.Now().Add(3 * time.Second), For: pick(tr, 60*time.Second, 3*time.Second),
	}
	var all [4]account
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { all[i] = tr.child(o) })
	}
	wg.Wait()
	sum := all[0]
	for _, a := range all[1:] {
		sum.Asked, sum.Allowed, sum.Failed = sum.Asked+a.Asked, sum.Allowed+a.Allowed, sum.Failed+a.Failed
		sum.Answered, sum.Unknown = sum.Answered+a.Answered, sum.Unknown+a.Unknown
		if a.Began.Before(sum.Began) {
			sum.Began = a.Began
		}
		if a.Ended.After(sum.Ended) {
			sum.Ended = a.Ended
		}
	}
	sum.check(tr, o, tr.charges(server))
}

func (a account) check(tr *trial, o order, runs int64) {
	tr.t.Helper()
	took := a.Ended.Sub(a.Began).Seconds()
	most := float64(o.Burst) + float64(o.Rate)*took
	tr.note("asked %d in %.1f s, admitted %d of at most %.0f, over %.0f; uncertain %d, not answered in time %d",
		a.Asked, took, a.Allowed, most, max(0, float64(a.Allowed)-most), a.Unknown, a.Failed)
	if float64(a.Allowed) > most {
		tr.t.Errorf("%d permits were given in %.1fs, want at most %.0f", a.Allowed, took, most)
	}
	if runs > a.Answered+a.Unknown {
		tr.t.Errorf("scripts ran %d times, want at most %d", runs, a.Answered+a.Unknown)
	}
	if want := 0.8 * took * float64(4*o.RPS); float64(a.Asked) < want {
		tr.t.Errorf("invalid run: %d were asked for, want %.0f at least: the machine is too busy", a.Asked, want)
	}
	if used := float64(a.Allowed+a.Unknown) / (most - float64(o.Burst)); used < 0.5 {
		tr.t.Errorf("invalid run: %.0f%% of the limit was used, want 50%% at least", 100*used)
	}
}

// child runs one process and reads its account.
func (tr *trial) child(o order) (a account) {
	tr.t.Helper()
	spec, err1 := json.Marshal(o)
	path, err2 := os.Executable()
	cmd := exec.CommandContext(tr.t.Context(), path)
	cmd.Env = append(os.Environ(), childVariable+"="+string(spec))
	var said strings.Builder
	cmd.Stderr = &said
	out, err3 := cmd.Output()
	if err := errors.Join(err1, err2, err3); err != nil {
		tr.t.Errorf("%v: %s", err, said.String())
		return a
	}
	if err := json.Unmarshal(out, &a); err != nil {
		tr.t.Errorf("a child said %q: %v", out, err)
	}
	return a
}

// lossyRelay spoils three of ten replies, half of them by being late. No permit comes back meanwhile, so
// those that are used tell how often each call was charged.
func lossyRelay(tr *trial) {
	const burst = 10_000
	server := redistest.Single(tr.t)
	relay := faultnet.Listen(tr.t, server.Addr())
	client := tr.client(at(relay.Addr()))
	defer client.Close() //nolint:errcheck // it ends
	c, err1 := flowredis.New("shared", client, flowredis.Config{Prefix: redistest.Prefix(tr.t)})
	l, err2 := flowredis.NewTokenBucket("api", c, flowredis.TokenBucketConfig{Rate: limit.PerHour(1), Burst: burst})
	if err := errors.Join(err1, err2); err != nil {
		tr.t.Fatal(err)
	}
	defer c.Close()
	defer l.Close()
	sent := func() int { st := c.Stats(); return int(st.Answered + st.Unknown) }
	calls, spoiled := pick(tr, 1000, 200), spoilings(tr)
	for next := 0; sent() < calls; {
		was := sent()
		if next <= was && spoiled(was) {
			if was%2 == 0 {
				relay.CutReplies(1, faultnet.Contains("evalsha"))
			} else {
				relay.DelayReplies(1, 2*budget, faultnet.Contains("evalsha"))
			}
			next = was + 1
		}
		if l.Allow(tr.t.Context()); sent() == was {
			<-time.After(time.Millisecond) // the gate is shut
		}
	}
	relay.Heal()
	runs := tr.charges(server)
	st, passed := c.Stats(), relay.Stats()
	twice := max(0, runs-st.Answered-st.Unknown)
	tr.note("calls %d, cut %d, late %d, uncertain %d, scripts run %d, charged twice %d", sent(), passed.Cut, passed.Delayed, st.Unknown, runs, twice)
	if twice > 0 || runs < st.Answered {
		tr.t.Errorf("scripts ran %d times, want %d to %d", runs, st.Answered, st.Answered+st.Unknown)
	}
	if share := float64(passed.Cut+passed.Delayed) / float64(calls); share < 0.25 {
		tr.t.Errorf("invalid run: %.0f%% of the replies were spoiled, want 30%%", 100*share)
	}
	used := usedPermits(tr, c, l)
	tr.note("permits used %d", used)
	if allowed := int(l.Stats().Coordinated.Allowed); used > allowed+int(c.Stats().Unknown) || used < allowed {
		tr.t.Errorf("%d permits are used, want %d to %d", used, allowed, allowed+int(c.Stats().Unknown))
	}
}

// usedPermits asks until Redis decides, and tells how many are used by then.
func usedPermits(tr *trial, c *flowredis.Coordinator, l *flowredis.Limiter) int {
	tr.t.Helper()
	deadline := time.Now().Add(patient)
	for time.Now().Before(deadline) {
		was := l.Stats().Coordinated.Allowed
		d, err := l.Take(tr.t.Context(), 1)
		if err == nil && c.Mode() == flowredis.Coordinated && l.Stats().Coordinated.Allowed > was {
			return d.Limit - d.Remaining
		}
		<-time.After(5 * time.Millisecond)
	}
	tr.t.Fatal("redis does not decide any more")
	return 0
}

// spoilings picks three of every ten calls, never more than two in a row: the third would shut the gate.
func spoilings(tr *trial) func(call int) bool {
	picked := map[int]bool{}
	made := 0
	return func(call int) bool {
		for ; made <= call; made += 10 {
			for n := 0; n < 3; {
				i := made + tr.rnd.IntN(9) // the last of ten is left in peace
				row := picked[i-2] && picked[i-1] || picked[i-1] && picked[i+1] || picked[i+1] && picked[i+2]
				if !picked[i] && !row {
					picked[i] = true
					n++
				}
			}
		}
		return picked[call]
	}
}
