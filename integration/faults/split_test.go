package faults

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

const (
	splitFor    = 10 * time.Second
	insideFlag  = "GOFLOW_FAULTS_INSIDE" // set within a network namespace
	clientOther = "127.1.0.9"            // where the client of the other side connects from
)

func split(tr *trial) { splitRow(tr, "R5", splitFor+11*time.Second) }
func splitWithMinReplicas(tr *trial) {
	splitRow(tr, "R5m", 1500*time.Millisecond, redistest.WithMinReplicas(1))
}

// splitRow runs the row in a network namespace, where a firewall can part loopback addresses without
// anyone else noticing.
func splitRow(tr *trial, id string, window time.Duration, opts ...redistest.Option) {
	if os.Getenv(insideFlag) != "" {
		splitHere(tr, window, opts)
		return
	}
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		tr.unrun = "needs root on Linux"
		return
	}
	path, err := os.Executable()
	if err != nil {
		tr.t.Fatal(err)
	}
	const script = `ip link set lo up && iptables -L >/dev/null && exec "$0" -test.run TestLimitsHoldWhateverGoesWrong -test.v`
	cmd := exec.CommandContext(tr.t.Context(), "unshare", "-n", "sh", "-c", script, path)
	cmd.Env = append(os.Environ(), insideFlag+"=1", "GOFLOW_FAULTS="+id, "GOFLOW_FAULTS_REPORT=")
	out, err := cmd.CombinedOutput()
	_, measured, ran := strings.Cut(string(out), id+": held: ")
	switch {
	case !ran && !strings.Contains(string(out), "=== RUN"):
		tr.unrun = "needs unshare, ip and iptables"
		tr.t.Logf("%v: %s", err, out)
	case !ran || err != nil:
		tr.t.Errorf("%v: %s", err, out)
	}
	if ran {
		held, rest, _ := strings.Cut(measured, ": ")
		measured, tr.late = rest, strings.HasPrefix(held, "with")
		tr.note("%s", measured[:strings.IndexByte(measured, '\n')])
	}
}

// side is a process on one side of a split. It fails closed, so what it is allowed is what Redis gave.
type side struct {
	client redis.UniversalClient
	c      *flowredis.Coordinator
	l      *flowredis.Limiter
	load   *load
}

func (tr *trial) side(client redis.UniversalClient, prefix string, rate, burst int) *side {
	tr.t.Helper()
	c, err1 := flowredis.New("shared", client, flowredis.Config{Prefix: prefix})
	l, err2 := flowredis.NewTokenBucket("api", c, flowredis.TokenBucketConfig{
		Rate: limit.PerSecond(float64(rate)), Burst: burst, Fallback: flowredis.FailClosed,
	})
	if err := errors.Join(err1, err2); err != nil {
		tr.t.Fatal(err)
	}
	s := &side{client: client, c: c, l: l}
	s.load = startLoad(tr.rps()/2, workers/2, []ask{{"plain", func(ctx context.Context) (limit.Decision, error) { return l.Take(ctx, 1) }}})
	tr.t.Cleanup(func() {
		s.load.end()
		l.Close()
		c.Close()
		_ = client.Close()
	})
	return s
}

// splitHere parts the master, and a client that knows no other, from the rest.
func splitHere(tr *trial, window time.Duration, opts []redistest.Option) {
	servers := redistest.Sentinel(tr.t, append(opts, redistest.WithOwnAddrs())...)
	master := servers.Master()
	rate, burst := tr.plainQuota()
	prefix := redistest.Prefix(tr.t)
	with, rest := tr.side(tr.client(at(master.Addr())), prefix, rate, burst), tr.side(fromOther(servers), prefix, rate, burst)
	<-time.After(tr.before())
	began := time.Now()
	part(tr, master, servers, "-A")
	now, err := servers.AwaitFailover(tr.t.Context(), master)
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.note("another master after %v", time.Since(began).Round(10*time.Millisecond))
	<-time.After(splitFor - time.Since(began))
	part(tr, master, servers, "-D")
	healed := time.Now()
	if err := master.AwaitRole(tr.t.Context(), "slave"); err != nil {
		tr.t.Error(err)
	}
	tr.note("old master a replica %v after the heal", time.Since(healed).Round(10*time.Millisecond))
	<-time.After(tr.after())
	with.load.end()
	rest.load.end()
	if rest.c.Mode() != flowredis.Coordinated {
		tr.t.Errorf("the rest is %v with %v, want coordinated", rest.c.Mode(), now)
	}
	tr.sum(with, rest, float64(burst)+float64(rate)*window.Seconds())
}

// sum checks what both sides got together.
func (tr *trial) sum(a, b *side, bound float64) {
	tr.t.Helper()
	rate, burst := tr.plainQuota()
	given := append(a.load.permits("plain"), b.load.permits("plain")...)
	took := time.Since(a.load.began).Seconds()
	exact := float64(len(given)) - float64(burst) - float64(rate)*took
	most := max(exact, float64(over(given, float64(rate), burst)))
	slowest := max(a.load.slowest.Load(), b.load.slowest.Load())
	tr.note("%d and %d permits, over %.0f of at most %.0f (rate %d/s, burst %d); slowest decision %v",
		a.l.Stats().Permits, b.l.Stats().Permits, max(0, most), bound, rate, burst, time.Duration(slowest).Round(100*time.Microsecond))
	if most > bound {
		tr.t.Errorf("%.0f permits over, want at most %.0f", most, bound)
	}
	tr.timely("the slowest decision", time.Duration(slowest), budget+lateness, max(a.load.slack(), b.load.slack()))
}

// fromOther is a client with the settings of ours that connects from an address of its own.
func fromOther(servers *redistest.Sentinels) redis.UniversalClient {
	dialer := &net.Dialer{Timeout: 200 * time.Millisecond, LocalAddr: &net.TCPAddr{IP: net.ParseIP(clientOther)}}
	return redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: redistest.MasterName, SentinelAddrs: servers.Addrs(), MaxRetries: -1, DialerRetries: 1, ContextTimeoutEnabled: true,
		DialTimeout: 200 * time.Millisecond, ReadTimeout: 200 * time.Millisecond, WriteTimeout: 200 * time.Millisecond, PoolTimeout: budget, PoolSize: workers,
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, addr)
		},
	})
}

// part drops, or no longer drops, all that passes between the master and the rest.
func part(tr *trial, master *redistest.Server, servers *redistest.Sentinels, action string) {
	tr.t.Helper()
	alone, _, _ := net.SplitHostPort(master.Addr())
	others := []string{clientOther}
	for _, s := range servers.Nodes() {
		if host, _, _ := net.SplitHostPort(s.Addr()); host != alone {
			others = append(others, host)
		}
	}
	for _, addr := range servers.Addrs() {
		host, _, _ := net.SplitHostPort(addr)
		others = append(others, host)
	}
	for _, other := range others {
		for _, pair := range [][2]string{{alone, other}, {other, alone}} {
			args := []string{"-w", action, "INPUT", "-s", pair[0], "-d", pair[1], "-j", "DROP"}
			if out, err := exec.CommandContext(tr.t.Context(), "iptables", args...).CombinedOutput(); err != nil {
				tr.t.Fatal(fmt.Errorf("iptables: %w: %s", err, out))
			}
		}
	}
}
