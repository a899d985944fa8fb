package faults

import (
	"time"

	"github.com/goflow-go/goflow/internal/redistest"
)

// serverTrouble makes one thing after the other wrong with a server that runs.
func serverTrouble(tr *trial) {
	server := redistest.Single(tr.t)
	p := tr.begin(at(server.Addr()), nil, workers)
	each := pick(tr, 2*time.Second, 400*time.Millisecond)
	often := func(args ...string) {
		for range each / (100 * time.Millisecond) {
			server.MustDo(args...)
			<-time.After(100 * time.Millisecond)
		}
	}
	p.lost = 2 // by FLUSHALL, and with the key that is overwritten
	for _, c := range []struct {
		name         string
		spoil, mend  func()
		ofThisRedis  bool // the fault is one of the key alone
		shutsTheGate bool
	}{
		{"SCRIPT FLUSH", func() { often("SCRIPT", "FLUSH") }, nil, false, false},
		{"OOM", func() { server.MustDo("CONFIG", "SET", "maxmemory", "1") }, func() { server.MustDo("CONFIG", "SET", "maxmemory", "0") }, false, true},
		{"CLIENT KILL", func() { often("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes") }, nil, false, false},
		{"FLUSHALL", func() { server.MustDo("FLUSHALL") }, nil, false, false},
		{"WRONGTYPE", func() { p.overwrite(server, each) }, func() { server.MustDo("DEL", plainKey(p.prefix, "api")) }, true, false},
		{"DEBUG SLEEP", func() { server.MustDo("DEBUG", "SLEEP", pick(tr, "2", "0.5")) }, nil, false, false},
	} {
		began := time.Now()
		tr.note("%s:", c.name)
		c.spoil()
		if c.shutsTheGate {
			p.degraded(began)
			<-time.After(each)
		}
		if c.mend != nil {
			c.mend()
		}
		p.coordinated(time.Now(), 1500*time.Millisecond)
	}
	p.finish()
}

// overwrite puts a list where the plain limit's state is.
func (p *process) overwrite(server *redistest.Server, during time.Duration) {
	p.trial.t.Helper()
	key := plainKey(p.prefix, "api")
	server.MustDo("EVAL", "redis.call('DEL', KEYS[1]) return redis.call('RPUSH', KEYS[1], 'x')", "1", key)
	was := p.decided()
	<-time.After(during)
	if now := p.decided(); now > was+workers {
		p.trial.t.Errorf("redis made %d decisions on a list, want none", now-was)
	}
}

// clockSteps moves the server's clock. Steps forward give a burst more at most, and steps back hold a
// burst back once.
func clockSteps(tr *trial) {
	server := redistest.Single(tr.t, redistest.WithClock())
	p := tr.begin(at(server.Addr()), nil, workers)
	p.quiet = true
	rate, burst := tr.plainQuota()
	period := time.Second * time.Duration(burst) / time.Duration(rate)
	for _, offset := range []time.Duration{time.Hour, -time.Hour, 0, 50 * time.Millisecond, -50 * time.Millisecond} {
		p.lost++
		server.SetClock(offset)
		stepped, was := time.Now(), p.plain.Stats().Coordinated.Allowed
		took := p.await("a permit after a step", stepped, func() bool { return p.plain.Stats().Coordinated.Allowed > was+1 })
		tr.note("to %v: a permit after %v", offset, took.Round(time.Millisecond))
		if most := period + budget + p.load.slack(); took > most {
			tr.t.Errorf("after a step to %v a permit came after %v, want at most %v", offset, took, most)
		}
		<-time.After(2 * time.Second)
	}
	p.finish()
}
