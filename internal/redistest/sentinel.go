package redistest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// MasterName is what Sentinels call the master.
const MasterName = "goflow"

const (
	dataNodes     = 3
	sentinelNodes = 3
)

// Sentinels are a master with two replicas, and three Sentinels that watch them: two must agree that the
// master is down when it has not answered for a second. Its methods are as safe as those of [Server].
type Sentinels struct {
	tb    testing.TB
	nodes []*node // that hold data, and then Sentinels
}

// Sentinel starts a master, its replicas and its Sentinels, and waits until all know one another.
func Sentinel(tb testing.TB, opts ...Option) *Sentinels {
	tb.Helper()
	return &Sentinels{tb, own(tb, (*lab).sentinels, opts).nodes}
}

// sentinels starts the master first and Sentinels last, because replicas look for a master once a second, and
// Sentinels ask replicas about theirs every 10 s. Who knows whom is in the config files.
func (l *lab) sentinels() error {
	nodes, err := l.add(dataNodes + sentinelNodes)
	if err != nil {
		return err
	}
	data, sentinels := nodes[:dataNodes], nodes[dataNodes:]
	for i, n := range data {
		var lines []string
		if i > 0 {
			lines = []string{"replicaof " + data[0].hostPort()}
		}
		if err := n.configure(lines...); err != nil {
			return err
		}
	}
	for _, n := range sentinels {
		n.sentinel, n.id = true, newID()
	}
	for _, n := range sentinels {
		if err := n.configure(n.watch(data, sentinels)...); err != nil {
			return err
		}
	}
	if err := start(data[:1]); err != nil {
		return err
	}
	if err := startUntil(data[1:], func() error { return linked(data[1:]) }); err != nil {
		return err
	}
	if err := startUntil(sentinels, func() error { return watching(data, sentinels) }); err != nil {
		return err
	}
	return giveUpAfter(sentinels, l.giveUp(), "SENTINEL", "SET", MasterName, "down-after-milliseconds")
}

// giveUp is after how many milliseconds a server is given up.
func (s settings) giveUp() string {
	if s.patient {
		return "20000"
	}
	return "1000"
}

// giveUpAfter tells servers so with a command, to which it adds the time. Before all is set up, on a machine
// that is busy, that would be too soon.
func giveUpAfter(nodes []*node, ms string, command ...string) error {
	for _, n := range nodes {
		if _, err := n.do(append(slices.Clone(command), ms)...); err != nil {
			return err
		}
	}
	return nil
}

// watch is a Sentinel's config.
func (n *node) watch(data, sentinels []*node) []string {
	lines := []string{
		fmt.Sprintf("sentinel monitor %s %s 2", MasterName, data[0].hostPort()),
		fmt.Sprintf("sentinel down-after-milliseconds %s 60000", MasterName),
		fmt.Sprintf("sentinel failover-timeout %s 5000", MasterName),
		fmt.Sprintf("sentinel parallel-syncs %s 2", MasterName),
		"sentinel myid " + n.id,
	}
	if n.password != "" {
		lines = append(lines, fmt.Sprintf("sentinel auth-pass %s %q", MasterName, n.password))
	}
	for _, replica := range data[1:] {
		lines = append(lines, fmt.Sprintf("sentinel known-replica %s %s", MasterName, replica.hostPort()))
	}
	for _, other := range sentinels {
		if other != n {
			lines = append(lines, fmt.Sprintf("sentinel known-sentinel %s %s %s", MasterName, other.hostPort(), other.id))
		}
	}
	return lines
}

// newID is what Redis calls a node by: 40 hexadecimal digits.
func newID() string {
	id := make([]byte, 20)
	_, _ = rand.Read(id) // never fails
	return hex.EncodeToString(id)
}

// linked tells which replica has not caught up with its master yet.
func linked(replicas []*node) error {
	for _, n := range replicas {
		info, err := n.do("INFO", "replication")
		if err == nil && !strings.Contains(info.Text, "master_link_status:up") {
			err = fmt.Errorf("redistest: %s has no link to its master", n.addr())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// watching tells what is missing until a master that dies would be replaced.
func watching(data, sentinels []*node) error {
	for _, n := range sentinels {
		if err := n.seesAll(len(data)-1, len(sentinels)-1); err != nil {
			return fmt.Errorf("redistest: sentinel %s: %w", n.addr(), err)
		}
	}
	return nil
}

// seesAll tells which other servers a Sentinel has no use for yet.
func (n *node) seesAll(replicas, others int) error {
	if _, err := n.do("SENTINEL", "CKQUORUM", MasterName); err != nil {
		return err
	}
	for _, c := range []struct {
		list, flags string
		want        int
	}{{"MASTERS", "master", 1}, {"REPLICAS", "slave", replicas}, {"SENTINELS", "sentinel", others}} {
		args := []string{"SENTINEL", c.list, MasterName}
		if c.list == "MASTERS" {
			args = args[:2]
		}
		list, err := n.do(args...)
		if err != nil {
			return err
		}
		for _, item := range list.Items {
			f := item.fields()
			if f["flags"] != c.flags || c.flags == "slave" && f["master-link-status"] != "ok" {
				return fmt.Errorf("%s is %s", f["name"], f["flags"])
			}
		}
		if len(list.Items) != c.want {
			return fmt.Errorf("it knows %d %s", len(list.Items), strings.ToLower(c.list))
		}
	}
	return nil
}

// Addrs are the Sentinels' addresses.
func (s *Sentinels) Addrs() []string { return addrs(s.nodes[dataNodes:]) }

// TLS is what clients need to trust all of them, or nil without [WithTLS].
func (s *Sentinels) TLS() *tls.Config { return s.nodes[0].lab.clientTLS() }

// Node is one of the three that hold data. Node 0 is the first master.
func (s *Sentinels) Node(i int) *Server { return &Server{s.tb, s.nodes[:dataNodes][i]} }

// Nodes are the three that hold data.
func (s *Sentinels) Nodes() []*Server { return serversOf(s.tb, s.nodes[:dataNodes]) }

// Sentinel is one of the three Sentinels.
func (s *Sentinels) Sentinel(i int) *Server { return &Server{s.tb, s.nodes[dataNodes:][i]} }

// Master is the one that the Sentinels name now, even when it is down. It ends the test when none answers.
func (s *Sentinels) Master() *Server {
	s.tb.Helper()
	n, err := s.named()
	if err != nil {
		s.tb.Fatal(err)
	}
	return &Server{s.tb, n}
}

// AwaitFailover waits until the Sentinels name another master than old, and that one is a master. The
// error is ctx's or says what was missing.
func (s *Sentinels) AwaitFailover(ctx context.Context, old *Server) (*Server, error) {
	var now *node
	err := poll(ctx, later, func(context.Context) (err error) {
		if now, err = s.named(); err != nil {
			return err
		}
		if now == old.node {
			return fmt.Errorf("redistest: %s is still the master", old.Addr())
		}
		return now.hasRole("master")
	})
	return &Server{s.tb, now}, err
}

// named is the master by the Sentinel that learned of a failover last.
func (s *Sentinels) named() (*node, error) {
	var master *node
	latest := -1
	for _, n := range s.nodes[dataNodes:] {
		if !n.running() {
			continue
		}
		answer, err := n.do("SENTINEL", "MASTER", MasterName)
		f := answer.fields()
		epoch, _ := strconv.Atoi(f["config-epoch"])
		if err != nil || epoch <= latest {
			continue
		}
		for _, d := range s.nodes[:dataNodes] {
			if d.host == f["ip"] && strconv.Itoa(d.port.Number) == f["port"] {
				master, latest = d, epoch
			}
		}
	}
	if master == nil {
		return nil, errors.New("redistest: no sentinel names a master")
	}
	return master, nil
}

// hasRole asks a server what it is.
func (n *node) hasRole(want string) error {
	role, err := n.do("ROLE")
	if err == nil && (len(role.Items) == 0 || role.Items[0].Text != want) {
		err = fmt.Errorf("redistest: %s is no %s yet", n.addr(), want)
	}
	return err
}

func addrs(nodes []*node) []string {
	list := make([]string, len(nodes))
	for i, n := range nodes {
		list[i] = n.addr()
	}
	return list
}
