package faults

import (
	"time"

	"github.com/goflow-go/goflow/internal/faultnet"
	"github.com/goflow-go/goflow/internal/redistest"
)

// badNetwork makes one thing after the other wrong with the way to Redis.
func badNetwork(tr *trial) {
	server := redistest.Single(tr.t)
	relay := faultnet.Listen(tr.t, server.Addr())
	p := tr.begin(at(relay.Addr()), nil, workers)
	const each = 3 * time.Second
	for _, c := range []struct {
		name  string
		spoil func()
		shuts bool // the gate, within a second
	}{
		{"5 ms", func() { relay.SetLatency(5*time.Millisecond, 0) }, false},
		{"50 ms and 20 of jitter", func() { relay.SetLatency(50*time.Millisecond, 20*time.Millisecond) }, true},
		{"500 ms", func() { relay.SetLatency(500*time.Millisecond, 0) }, true},
		{"10 KB/s", func() { relay.SetBandwidth(10 << 10) }, false},
		{"1-byte slices", func() { relay.SetSlices(1) }, false},
		{"half-open", relay.Stall, true},
		{"resets", func() { resets(relay, each) }, false},
	} {
		tr.note("%s:", c.name)
		began, answered := time.Now(), p.c.Stats().Answered
		c.spoil()
		if c.shuts {
			p.degraded(began)
		}
		<-time.After(each - time.Since(began))
		tr.note("answered %d", p.c.Stats().Answered-answered)
		relay.Heal()
		p.coordinated(time.Now(), 2*time.Second)
	}
	p.finish()
}

// resets ends all connections every 100 ms.
func resets(relay *faultnet.Relay, during time.Duration) {
	for range during / (100 * time.Millisecond) {
		<-time.After(100 * time.Millisecond)
		relay.Reset()
	}
}
