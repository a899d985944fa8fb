package redistest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/goflow-go/goflow/internal/loopback"
)

// lab is a folder, and the servers that live in it.
type lab struct {
	settings

	binary string
	dir    string
	tlsCA  *authority
	shim   string // the preloaded library that moves the clock
	nodes  []*node
}

// newLab prepares servers in a folder that exists.
func newLab(dir string, opts []Option) (*lab, error) {
	binary, err := find()
	if err != nil {
		return nil, err
	}
	l := &lab{binary: binary, dir: dir}
	for _, opt := range opts {
		opt.apply(&l.settings)
	}
	if l.tls {
		if l.tlsCA, err = newAuthority(dir, l.expired); err != nil {
			return nil, err
		}
	}
	if l.clock {
		if l.shim, err = buildShim(dir); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// find looks for a server program: $REDIS_SERVER, redis-server or valkey-server.
func find() (string, error) {
	if path := os.Getenv("REDIS_SERVER"); path != "" {
		return path, nil
	}
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("redistest: this test needs redis-server 7.0 or later in PATH: " +
		"run `make redis`, or `apt-get install redis-server`, or name one in $REDIS_SERVER")
}

// attempts is how often a lab is set up before that fails.
const attempts = 3

// errUnsettled says that servers run which do not find one another, or already gave one another up.
var errUnsettled = errors.New("servers do not settle")

// build sets servers up, and does it again when someone took one of the ports, or when the machine was so
// busy that servers gave one another up.
func (l *lab) build(setUp func() error) error {
	var err error
	for range attempts {
		if err = setUp(); err == nil || !errors.Is(err, errPortTaken) && !errors.Is(err, errUnsettled) {
			break
		}
		l.close()
	}
	if err != nil {
		l.close()
	}
	return err
}

// add makes n nodes that do not run yet.
func (l *lab) add(n int) ([]*node, error) {
	from := len(l.nodes)
	for range n {
		host := "127.0.0.1"
		if l.ownAddrs {
			host = fmt.Sprintf("127.1.0.%d", len(l.nodes)+1)
		}
		port, err := loopback.Reserve(host)
		if err != nil {
			return nil, err
		}
		one := &node{lab: l, host: host, port: port, password: l.password}
		one.dir = filepath.Join(l.dir, fmt.Sprint(port.Number))
		l.nodes = append(l.nodes, one)
		if err := os.MkdirAll(one.dir, 0o700); err != nil {
			return nil, fmt.Errorf("redistest: %w", err)
		}
	}
	return l.nodes[from:], nil
}

// start runs nodes at the same time, and waits until all answer.
func start(nodes []*node) error {
	var wg sync.WaitGroup
	errs := make([]error, len(nodes))
	for i, n := range nodes {
		wg.Go(func() { errs[i] = n.start() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// startUntil runs nodes at the same time, and waits until nothing is missing.
func startUntil(nodes []*node, missing func() error) error {
	if err := start(nodes); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if err := poll(ctx, soon, func(context.Context) error { return missing() }); err != nil {
		return fmt.Errorf("%w: %w", errUnsettled, err)
	}
	return nil
}

// close ends all servers and gives their ports back.
func (l *lab) close() {
	for _, n := range l.nodes {
		n.kill()
		n.port.Release()
		if n.bus != nil {
			n.bus.Release()
		}
	}
	l.nodes = nil
}
