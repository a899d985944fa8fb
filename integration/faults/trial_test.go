package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

const (
	budget   = 50 * time.Millisecond
	lateness = 20 * time.Millisecond // what may come on top
	patient  = 20 * time.Second
	keys     = 8 // of the keyed limiter
)

// trial is one run of a row.
type trial struct {
	t        *testing.T
	full     bool
	rnd      *rand.Rand
	measured []string
	late     bool   // a figure was kept only with what the machine added
	unrun    string // why this machine cannot run the row
}

func runRow(t *testing.T, r row, full bool, from uint64) {
	tr := &trial{t: t, full: full, rnd: rand.New(rand.NewPCG(from, 0))}
	defer func() {
		held := "yes"
		switch {
		case tr.unrun != "":
			held = "not run"
			tr.measured = []string{tr.unrun}
		case t.Failed():
			held = "**no**"
		case tr.late:
			held = "with the machine's delays"
		}
		t.Logf("%s: held: %s: %s", r.id, held, strings.Join(tr.measured, "; "))
		if full {
			results.add(r, held, from, tr.measured)
		}
	}()
	r.run(tr)
}

// note adds to what was measured.
func (tr *trial) note(format string, args ...any) {
	tr.measured = append(tr.measured, fmt.Sprintf(format, args...))
}

// pick is a figure of a run in full, or one for every day's tests.
func pick[T any](tr *trial, full, short T) T {
	if tr.full {
		return full
	}
	return short
}

func (tr *trial) rps() int              { return pick(tr, 2000, 400) }
func (tr *trial) before() time.Duration { return pick(tr, 3*time.Second, time.Second) }
func (tr *trial) after() time.Duration  { return pick(tr, 3*time.Second, 500*time.Millisecond) }

// limits are half of what is asked for.
func (tr *trial) plainQuota() (perSecond, burst int) { return tr.rps() / 4, tr.rps() / 20 }
func (tr *trial) keyedQuota() (perSecond, burst int) { return tr.rps() / 4 / keys, tr.rps() / 100 }

// process is what one process has: a client, a coordinator, and two limiters that are under load.
type process struct {
	trial  *trial
	client redis.UniversalClient
	c      *flowredis.Coordinator
	plain  *flowredis.Limiter
	keyed  *flowredis.Keyed
	names  []string // keys
	rec    *telemetrytest.Recorder
	base   int // goroutines
	load   *load
	loaded time.Duration // since the load began, when the fault was due
	prefix string
	quiet  bool // it is expected to stay coordinated
	lost   int  // how often Redis lost what it knew
}

// names are what a process calls its limits.
type naming struct {
	plain string
	keys  []string
}

func (tr *trial) client(cfg flowredis.ClientConfig) redis.UniversalClient {
	client, err := flowredis.NewClient(cfg)
	if err != nil {
		tr.t.Fatal(err)
	}
	return client
}

// begin makes limiters on a client, loads them, and waits until the fault is due.
func (tr *trial) begin(cfg flowredis.ClientConfig, with func(prefix string) naming, callers int) *process {
	tr.t.Helper()
	p := &process{trial: tr, base: runtime.NumGoroutine(), prefix: redistest.Prefix(tr.t), rec: telemetrytest.New(tr.t)}
	name := naming{"api", numbered(keys)}
	if with != nil {
		name = with(p.prefix)
	}
	p.names = name.keys
	p.client = tr.client(cfg)
	tr.t.Cleanup(func() { _ = p.client.Close() })
	var err1, err2, err3 error
	p.c, err1 = flowredis.New("shared", p.client, flowredis.Config{Prefix: p.prefix}, flowredis.WithTelemetry(p.rec.Options()...))
	rate, burst := tr.plainQuota()
	p.plain, err2 = flowredis.NewTokenBucket(name.plain, p.c, flowredis.TokenBucketConfig{Rate: limit.PerSecond(float64(rate)), Burst: burst})
	rate, burst = tr.keyedQuota()
	p.keyed, err3 = flowredis.NewKeyedTokenBucket("clients", p.c, flowredis.TokenBucketConfig{Rate: limit.PerSecond(float64(rate)), Burst: burst})
	if err := errors.Join(err1, err2, err3, p.c.Start(context.Background())); err != nil {
		tr.t.Fatal(err)
	}
	p.load = startLoad(tr.rps(), callers, p.asks())
	p.load.hops = pick(tr, p.load.hops, 10) // with the race detector, beside other tests
	tr.t.Cleanup(p.load.end)
	<-time.After(tr.before())
	p.await("the load", time.Now(), func() bool { // on a machine that stood still it is made up for
		p.loaded = time.Since(p.load.began)
		return float64(p.load.asked.Load()) > 0.9*float64(tr.rps())*p.loaded.Seconds()
	})
	return p
}

func numbered(n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("client-%d", i))
	}
	return list
}

// asks are of the plain limiter and of a key in turn.
func (p *process) asks() []ask {
	var list []ask
	for _, key := range p.names {
		list = append(list,
			ask{"plain", func(ctx context.Context) (limit.Decision, error) { return p.plain.Take(ctx, 1) }},
			ask{key, func(ctx context.Context) (limit.Decision, error) { return p.keyed.Take(ctx, key, 1) }})
	}
	return list
}

// await waits until ok, and tells how long that took since then.
func (p *process) await(what string, since time.Time, ok func() bool) time.Duration {
	p.trial.t.Helper()
	deadline := time.After(patient)
	for !ok() {
		select {
		case <-deadline:
			p.trial.t.Fatalf("%s did not come within %v", what, patient)
		case <-time.After(5 * time.Millisecond):
		}
	}
	return time.Since(since)
}

// within checks a wait, and allows for what the machine added. Every day's tests allow three times the figure: an
// election that a busy machine spoiled is held again after four seconds.
func (p *process) within(what string, took, figure time.Duration) {
	p.trial.t.Helper()
	p.trial.note("%s after %v", what, took.Round(10*time.Millisecond))
	p.trial.timely(what, took, figure, figure*pick(p.trial, time.Duration(0), 2)+p.load.slack())
}

// timely wants a time within a figure and what may come on top, and notes when that was needed.
func (tr *trial) timely(what string, took, figure, more time.Duration) {
	tr.t.Helper()
	tr.late = tr.late || took > figure
	if took > figure+more {
		tr.t.Errorf("%s: %v, want at most %v", what, took, figure+more)
	}
}

// degraded waits until the mode, and the metric, say that Redis is not asked.
func (p *process) degraded(since time.Time) {
	p.trial.t.Helper()
	took := p.await("degraded mode", since, func() bool { return p.metric(flowredis.Degraded) == 1 })
	p.within("degraded", took, time.Second)
}

// coordinated waits until the mode, and the metric, say that Redis is asked again, and it answers.
func (p *process) coordinated(since time.Time, figure time.Duration) {
	p.trial.t.Helper()
	was := p.decided()
	took := p.await("coordinated mode", since, func() bool {
		return p.metric(flowredis.Coordinated) == 1 && p.decided() > was
	})
	p.within("coordinated", took, figure)
}

// decided is how many decisions about the plain limit Redis made.
func (p *process) decided() int64 {
	d := p.plain.Stats().Coordinated
	return d.Allowed + d.Denied
}

func (p *process) metric(mode flowredis.Mode) int {
	points := p.rec.Points("goflow.coordination.mode", flowconv.CoordinationModeKey.String(mode.String()))
	if len(points) != 1 {
		return -1
	}
	return int(points[0].Value)
}
