package faults

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// finish ends the load and checks what holds in every row.
func (p *process) finish() {
	p.trial.t.Helper()
	<-time.After(p.trial.after())
	p.load.end()
	p.checkLoad()
	p.checkCallers()
	p.checkOver()
	p.checkMode()
	p.checkGoroutines()
}

// checkLoad finds a run invalid that did not ask enough before the fault.
func (p *process) checkLoad() {
	p.trial.t.Helper()
	rate, want := p.load.rate(p.trial.before()/3, p.loaded), 0.8*float64(p.load.rps)
	p.trial.note("%.0f decisions/s before", rate)
	if rate < want {
		p.trial.t.Errorf("invalid run: %.0f decisions/s before the fault, want %.0f at least: the machine is too busy", rate, want)
	}
}

// checkCallers wants no error, and every decision within the budget.
func (p *process) checkCallers() {
	p.trial.t.Helper()
	n, example := p.load.failures()
	if n > 0 {
		p.trial.t.Errorf("%d callers got an error, want none: %s", n, example)
	}
	slowest := time.Duration(p.load.slowest.Load())
	p.trial.note("errors %d; slowest decision %v, p99 %v, timers late by %v", n, slowest.Round(100*time.Microsecond),
		p.load.quantile(0.99).Round(100*time.Microsecond), time.Duration(p.load.stall.Load()).Round(100*time.Microsecond))
	for _, s := range p.load.slow(budget + lateness) {
		p.trial.t.Logf("%v after the load began: a decision took %v", s.began.Round(time.Millisecond), (s.ended - s.began).Round(time.Millisecond))
	}
	p.trial.timely("the slowest decision", slowest, budget+lateness, p.load.slack())
}

// checkOver wants no more permits than the limits, what Redis lost, and the fallback give.
//
// Nothing is over without a fault. In an outage the bucket in Redis fills, and the fallback has a burst of
// its own; while calls return to Redis, for half a second, both give permits. Each round trip that failed
// may have given one more.
func (p *process) checkOver() {
	p.trial.t.Helper()
	rate, burst := p.trial.plainQuota()
	p.checkLimit("plain", rate, burst)
	rate, burst = p.trial.keyedQuota()
	worst := 0
	for _, key := range p.names {
		worst = max(worst, p.checkLimit(key, rate, burst))
	}
	p.trial.note("over %d of the worst key (burst %d)", worst, burst)
	p.checkRedis()
}

func (p *process) checkLimit(name string, rate, burst int) int {
	p.trial.t.Helper()
	got := over(p.load.permits(name), float64(rate), burst)
	bound := p.lost * burst
	if local := int(p.c.Stats().Local); local > 0 {
		st := p.c.Stats()
		outages := p.events(flowredis.Degraded)
		bound += min(local, outages*(2*burst+rate/2)+int(st.Unknown+st.NotRun))
	}
	if name == "plain" {
		p.trial.note("over %d (burst %d, bound %d)", got, burst, bound)
	}
	if got > bound {
		p.trial.t.Errorf("%s: %d permits over, want at most %d", name, got, bound)
	}
	return got
}

// checkRedis wants what Redis gave to be within the limit, with what it lost.
func (p *process) checkRedis() {
	p.trial.t.Helper()
	rate, burst := p.trial.plainQuota()
	took := time.Since(p.load.began).Seconds()
	got, most := p.plain.Stats().Coordinated.Allowed, float64(rate)*took+float64(burst*(1+p.lost))
	p.trial.note("redis alone over %.0f", max(0, float64(got)-float64(rate)*took-float64(burst)))
	if float64(got) > most {
		p.trial.t.Errorf("redis gave %d permits in %.1fs, want at most %.0f", got, took, most)
	}
}

// events are how often a change of mode was told.
func (p *process) events(to flowredis.Mode) (n int) {
	for _, e := range p.rec.Logs() {
		if e.EventName() == flowconv.EventCoordinationModeChange && strings.Contains(fmt.Sprint(e.Body()), "does not answer") == (to == flowredis.Degraded) {
			n++
		}
	}
	return n
}

// checkMode wants one event for each change, and Redis in charge at the end.
func (p *process) checkMode() {
	p.trial.t.Helper()
	p.await("coordinated mode at the end", time.Now(), func() bool {
		_, _ = p.plain.Take(context.Background(), 1)
		return p.c.Mode() == flowredis.Coordinated
	})
	lost, back := p.events(flowredis.Degraded), p.events(flowredis.Coordinated)
	p.trial.note("mode changes %d", lost+back)
	for _, e := range p.rec.Logs() {
		p.trial.t.Logf("%v after the load began: %v", e.Timestamp().Sub(p.load.began).Round(time.Millisecond), e.Body())
	}
	if lost != back || lost == 0 && !p.quiet {
		p.trial.t.Errorf("%d events told of lost coordination and %d of its return, want as many, and one at least", lost, back)
	}
}

// checkGoroutines wants all to end that began with the process.
func (p *process) checkGoroutines() {
	p.trial.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	if err := p.c.Stop(ctx); err != nil {
		p.trial.t.Error(err)
	}
	p.plain.Close()
	p.keyed.Close()
	p.c.Close()
	_ = p.client.Close()
	p.await(fmt.Sprintf("an end of all but %d goroutines", p.base), time.Now(), func() bool { return runtime.NumGoroutine() <= p.base })
}

// charges are the scripts that servers have run since they started.
func (tr *trial) charges(servers ...*redistest.Server) (runs int64) {
	for _, s := range servers {
		for line := range strings.Lines(s.MustDo("INFO", "commandstats").Text) {
			if strings.HasPrefix(line, "cmdstat_evalsha:") || strings.HasPrefix(line, "cmdstat_eval:") {
				runs += field(line, "calls") - field(line, "failed_calls")
			}
		}
	}
	return runs
}

// field reads a number from a line of INFO: "cmdstat_eval:calls=3,usec=9,...".
func field(line, name string) (n int64) {
	_, rest, _ := strings.Cut(line, ":")
	for part := range strings.SplitSeq(strings.TrimSpace(rest), ",") {
		if key, value, _ := strings.Cut(part, "="); key == name {
			_, _ = fmt.Sscan(value, &n)
		}
	}
	return n
}

// checkCharges wants no script to have run that was not called, and none twice.
func (p *process) checkCharges(servers ...*redistest.Server) {
	p.trial.t.Helper()
	st, runs := p.c.Stats(), p.trial.charges(servers...)
	twice := max(0, runs-st.Answered-st.Unknown)
	p.trial.note("scripts run %d, answered %d, uncertain %d, charged twice %d", runs, st.Answered, st.Unknown, twice)
	if twice > 0 || runs < st.Answered {
		p.trial.t.Errorf("scripts ran %d times, want %d answered to %d with the uncertain", runs, st.Answered, st.Answered+st.Unknown)
	}
}
