package faults

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
)

// failoverGoal is how long calls may be without Redis when its master is lost: a second until it is
// missed, the election, and the next probe.
const failoverGoal = 4 * time.Second

func behind(s *redistest.Sentinels) flowredis.ClientConfig {
	return flowredis.ClientConfig{Addrs: s.Addrs(), MasterName: redistest.MasterName}
}

func sentinelKilled(tr *trial) {
	servers := redistest.Sentinel(tr.t)
	p := tr.begin(behind(servers), nil, workers)
	p.lost = 1 // what was not replicated
	lost := time.Now()
	servers.Master().Kill()
	p.degraded(lost)
	p.coordinated(lost, failoverGoal)
	p.finish()
}

func sentinelStopped(tr *trial) {
	servers := redistest.Sentinel(tr.t)
	p := tr.begin(behind(servers), nil, workers)
	p.lost = 1
	old, lost := servers.Master(), time.Now()
	old.Pause()
	p.degraded(lost)
	p.coordinated(lost, failoverGoal)
	<-time.After(10*time.Second - time.Since(lost))
	old.Resume()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	resumed := time.Now()
	if err := old.AwaitRole(ctx, "slave"); err != nil {
		tr.t.Error(err)
	}
	tr.note("old master a replica after %v", time.Since(resumed).Round(10*time.Millisecond))
	p.finish()
}

// onVictim names a limit on a master that will be lost, and keys on the others.
func (tr *trial) onVictim(servers *redistest.Nodes, victim **redistest.Server) func(prefix string) naming {
	return func(prefix string) naming {
		name := naming{plain: "api"}
		*victim = servers.MasterOf(plainKey(prefix, name.plain))
		for i := 0; len(name.keys) < keys; i++ {
			key := fmt.Sprintf("client-%d", i)
			if servers.MasterOf(keyedKey(prefix, key)).Addr() != (*victim).Addr() {
				name.keys = append(name.keys, key)
			}
		}
		return name
	}
}

func plainKey(prefix, name string) string { return prefix + ":{" + name + "}:tb:v1" }
func keyedKey(prefix, key string) string  { return prefix + ":{clients:" + key + "}:tb:v1" }

func clusterKilled(tr *trial) {
	clusterLost(tr, (*redistest.Server).Kill, func(*redistest.Server) {})
}

func clusterStopped(tr *trial) {
	clusterLost(tr, (*redistest.Server).Pause, (*redistest.Server).Resume)
}

func clusterLost(tr *trial, lose, back func(*redistest.Server)) {
	servers := redistest.Cluster(tr.t)
	var victim *redistest.Server
	p := tr.begin(at(servers.Addrs()...), tr.onVictim(servers, &victim), workers)
	p.lost = 1
	p.quiet = true // what other masters answer may keep the gate open
	others, lost := p.keyed.Stats().Degraded, time.Now()
	lose(victim)
	degraded := p.plain.Stats().Degraded.Allowed
	p.await("a decision without redis", lost, func() bool { return p.plain.Stats().Degraded.Allowed > degraded })
	p.coordinated(lost, failoverGoal)
	st := p.keyed.Stats()
	local := st.Degraded.Allowed + st.Degraded.Denied - others.Allowed - others.Denied
	tr.note("other slots: %d of %d decisions local until then", local, int(time.Since(lost).Seconds()*float64(tr.rps()/2)))
	<-time.After(pick(tr, 8*time.Second, 0))
	back(victim)
	p.finish()
}

// slotsMove moves the slots of all that is asked for to another master.
func slotsMove(tr *trial) {
	servers := redistest.Cluster(tr.t)
	from, to := servers.Node(0), servers.Node(1)
	first := func(text string) bool { return from.MustDo("CLUSTER", "KEYSLOT", text).Number < 1000 }
	p := tr.begin(at(servers.Addrs()...), func(prefix string) naming {
		var name naming
		for i := 0; name.plain == ""; i++ {
			if n := fmt.Sprintf("api-%d", i); first(plainKey(prefix, n)) {
				name.plain = n
			}
		}
		for i := 0; len(name.keys) < keys; i++ {
			if key := fmt.Sprintf("client-%d", i); first(keyedKey(prefix, key)) {
				name.keys = append(name.keys, key)
			}
		}
		return name
	}, workers)
	p.quiet = true
	began := time.Now()
	reshard(tr, from, to, 1000)
	tr.note("1,000 slots moved in %v", time.Since(began).Round(100*time.Millisecond))
	if owner := servers.MasterOf(plainKey(p.prefix, p.plain.Name())); owner.Addr() != to.Addr() {
		tr.t.Errorf("%v has the slot, want %v: nothing was moved", owner, to)
	}
	p.finish()
	p.checkCharges(servers.Nodes()...)
}

// reshard moves slots as an operator does.
func reshard(tr *trial, from, to *redistest.Server, n int) {
	tr.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	id := func(s *redistest.Server) string { return s.MustDo("CLUSTER", "MYID").Text }
	out, err := exec.CommandContext(ctx, "redis-cli", "--cluster", "reshard", from.Addr(),
		"--cluster-from", id(from), "--cluster-to", id(to), "--cluster-slots", strconv.Itoa(n), "--cluster-yes").CombinedOutput()
	if err != nil {
		tr.t.Fatalf("%v: %s", err, out[max(0, len(out)-500):])
	}
	if strings.Contains(string(out), "[ERR]") {
		tr.t.Errorf("resharding said %s", out[max(0, len(out)-500):])
	}
}
