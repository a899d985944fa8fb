package redistest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/internal/loopback"
)

const (
	masters = 3
	slots   = 16384
)

// Nodes are a cluster: three masters and three replicas that give a node up after a second. Its methods
// are as safe as those of [Server].
type Nodes struct {
	tb    testing.TB
	nodes []*node // masters, and then a replica of each
}

// Cluster starts six servers that form a cluster, and waits until all find it complete.
func Cluster(tb testing.TB, opts ...Option) *Nodes {
	tb.Helper()
	return &Nodes{tb, own(tb, (*lab).cluster, opts).nodes}
}

// cluster starts servers that know the cluster they are in from their files.
func (l *lab) cluster() error {
	nodes, err := l.add(2 * masters)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		n.id = newID()
		if n.bus, err = loopback.Reserve(n.host); err != nil {
			return err
		}
	}
	for i, n := range nodes {
		if err := n.join(nodes, i); err != nil {
			return err
		}
	}
	if err := startUntil(nodes, func() error { return complete(nodes) }); err != nil {
		return err
	}
	return giveUpAfter(nodes, l.giveUp(), "CONFIG", "SET", "cluster-node-timeout")
}

// join writes the files of the i-th node.
func (n *node) join(nodes []*node, i int) error {
	err := os.WriteFile(filepath.Join(n.dir, "nodes.conf"), []byte(topology(nodes, i)), 0o600)
	if err != nil {
		return err
	}
	return n.configure(
		"cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-node-timeout 1000",
		fmt.Sprintf("cluster-port %d", n.bus.Number), "cluster-announce-ip "+n.host, n.clusterTLS(),
	)
}

func (n *node) clusterTLS() string {
	if n.lab.tls {
		return "tls-cluster yes"
	}
	return "tls-cluster no"
}

// topology is what the i-th node would have written had it been in this cluster before.
func topology(nodes []*node, i int) string {
	var b strings.Builder
	for j, n := range nodes {
		flags, of, epoch, owned := "master", "-", j+1, ""
		if j >= masters {
			flags, of, epoch = "slave", nodes[j-masters].id, j-masters+1
		} else {
			owned = fmt.Sprintf(" %d-%d", slots*j/masters, slots*(j+1)/masters-1)
		}
		if j == i {
			flags = "myself," + flags
		}
		fmt.Fprintf(&b, "%s %s@%d %s %s 0 0 %d connected%s\n", n.id, n.addr(), n.bus.Number, flags, of, epoch, owned)
	}
	fmt.Fprintf(&b, "vars currentEpoch %d lastVoteEpoch 0\n", masters)
	return b.String()
}

// complete tells what nodes that all run still miss of the cluster.
func complete(nodes []*node) error {
	for _, n := range nodes {
		if err := n.findsComplete(); err != nil {
			return err
		}
	}
	return linked(nodes[masters:])
}

func (n *node) findsComplete() error {
	info, err := n.do("CLUSTER", "INFO")
	if err == nil && !strings.Contains(info.Text, "cluster_state:ok") {
		err = fmt.Errorf("redistest: %s finds the cluster incomplete", n.addr())
	}
	return err
}

// Addrs are the addresses of all six.
func (c *Nodes) Addrs() []string { return addrs(c.nodes) }

// TLS is what clients need to trust all of them, or nil without [WithTLS].
func (c *Nodes) TLS() *tls.Config { return c.nodes[0].lab.clientTLS() }

// Node is one of the six. Nodes 0 to 2 are the first masters; node 3 replicates node 0, and so on.
func (c *Nodes) Node(i int) *Server { return &Server{c.tb, c.nodes[i]} }

// Nodes are all six.
func (c *Nodes) Nodes() []*Server { return serversOf(c.tb, c.nodes) }

// MasterOf is the running server that has key now. It ends the test when there is none.
func (c *Nodes) MasterOf(key string) *Server {
	c.tb.Helper()
	n, err := c.owner(key)
	if err != nil {
		c.tb.Fatal(err)
	}
	return &Server{c.tb, n}
}

// AwaitFailover waits until another server than old has key, and all servers that run find the cluster
// complete. The error is ctx's or says what was missing.
func (c *Nodes) AwaitFailover(ctx context.Context, key string, old *Server) (*Server, error) {
	var now *node
	err := poll(ctx, later, func(context.Context) (err error) {
		if now, err = c.owner(key); err != nil {
			return err
		}
		if now == old.node {
			return fmt.Errorf("redistest: %s still has %q", old.Addr(), key)
		}
		return c.healthy()
	})
	return &Server{c.tb, now}, err
}

// healthy tells which running server finds the cluster incomplete.
func (c *Nodes) healthy() error {
	for _, n := range c.nodes {
		if !n.running() {
			continue
		}
		if err := n.findsComplete(); err != nil {
			return err
		}
	}
	return nil
}

// owner is the running server that says it has key. When a master came back and has not heard yet that it
// was replaced, both say so, and the latest counts.
func (c *Nodes) owner(key string) (*node, error) {
	var owner *node
	latest := -1
	for _, n := range c.nodes {
		if !n.running() {
			continue
		}
		slot, err1 := n.do("CLUSTER", "KEYSLOT", key)
		view, err2 := n.do("CLUSTER", "NODES")
		if errors.Join(err1, err2) != nil {
			continue
		}
		if epoch, ok := owns(view.Text, slot.Number); ok && epoch > latest {
			owner, latest = n, epoch
		}
	}
	if owner == nil {
		return nil, fmt.Errorf("redistest: no running master has %q", key)
	}
	return owner, nil
}

// owns reads from a server's view whether it is the master of a slot, and since which epoch.
func owns(view string, slot int64) (epoch int, ok bool) {
	for line := range strings.Lines(view) {
		f := strings.Fields(line) // id, addr, flags, master, ping, pong, epoch, link, slots
		if len(f) < 9 || !strings.Contains(f[2], "myself,master") {
			continue
		}
		epoch, _ = strconv.Atoi(f[6])
		for _, span := range f[8:] {
			from, to, isRange := strings.Cut(span, "-")
			first, err := strconv.ParseInt(from, 10, 64)
			if err != nil {
				continue // a slot that moves: "[93->-id]"
			}
			last := first
			if isRange {
				last, _ = strconv.ParseInt(to, 10, 64)
			}
			if first <= slot && slot <= last {
				return epoch, true
			}
		}
	}
	return 0, false
}
