package faults

import (
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/faultnet"
	"github.com/goflow-go/goflow/internal/redistest"
)

func at(addrs ...string) flowredis.ClientConfig { return flowredis.ClientConfig{Addrs: addrs} }

func killedAndBack(tr *trial) {
	server := redistest.Single(tr.t)
	p := tr.begin(at(server.Addr()), nil, workers)
	p.lost = 1
	lost := time.Now()
	server.Kill()
	p.degraded(lost)
	<-time.After(pick(tr, 3*time.Second, time.Second) - time.Since(lost))
	server.Revive()
	p.coordinated(time.Now(), 1500*time.Millisecond)
	p.finish()
}

func stopped(tr *trial) {
	server := redistest.Single(tr.t)
	p := tr.begin(at(server.Addr()), nil, workers)
	lost, was := time.Now(), p.c.Stats().Unknown
	server.Pause()
	p.degraded(lost)
	<-time.After(pick(tr, 4*time.Second, 1500*time.Millisecond) - time.Since(lost))
	server.Resume()
	p.coordinated(time.Now(), 1500*time.Millisecond)
	uncertain := p.c.Stats().Unknown - was
	probes := int64(time.Since(lost)/(250*time.Millisecond)) + 1
	tr.note("uncertain in the stop %d", uncertain)
	if uncertain > workers+probes {
		tr.t.Errorf("%d calls are uncertain, want the %d in flight and %d probes at most", uncertain, workers, probes)
	}
	p.finish()
	p.checkCharges(server)
}

func poolStarved(tr *trial) {
	server := redistest.Single(tr.t)
	cfg := at(server.Addr())
	cfg.PoolSize = 1
	p := tr.begin(cfg, nil, 200)
	p.quiet = true // one connection may do
	<-time.After(pick(tr, 10*time.Second, time.Second))
	p.finish()
	st := p.c.Stats()
	tr.note("answered %d, no connection %d", st.Answered, st.NotRun)
}

func repliesLost(tr *trial) {
	server := redistest.Single(tr.t)
	relay := faultnet.Listen(tr.t, server.Addr())
	p := tr.begin(at(relay.Addr()), nil, workers)
	p.quiet = true // cuts that are far apart shut no gate
	spoiled := faultnet.Contains("evalsha")
	stop := time.After(pick(tr, 10*time.Second, 1500*time.Millisecond))
	for going, n := true, 0; going; n++ {
		switch {
		case p.c.Mode() == flowredis.Degraded: // only a probe would be spoiled
		case n%2 == 0:
			relay.CutReplies(1, spoiled)
		default:
			relay.DelayReplies(1, 2*budget, spoiled)
		}
		select {
		case <-stop:
			going = false
		case <-time.After(10*time.Millisecond + time.Duration(tr.rnd.IntN(20))*time.Millisecond):
		}
	}
	relay.Heal()
	p.finish()
	st := relay.Stats()
	tr.note("cut %d, late %d", st.Cut, st.Delayed)
	if st.Cut == 0 || st.Delayed == 0 {
		tr.t.Errorf("got %+v, want replies cut and late", st)
	}
	p.checkCharges(server)
}
