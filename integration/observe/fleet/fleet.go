package fleet

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"
)

// Config is what [Start] needs to know. All of it is required but Args.
type Config struct {
	// Root is the folder of the repository, as an absolute path.
	Root string
	// Bin is the folder that [Build] built into, as an absolute path.
	Bin string
	// Dir is the folder that gets the programs' data and, in NAME.log, what each says. It is an absolute path.
	Dir string
	// Addrs are where the programs listen.
	Addrs Addrs
	// Args are further arguments of each gateway. Defaults to none: each has a sample upstream and makes its own load.
	Args [2][]string
}

// Fleet is programs that run. It is safe for concurrent use.
type Fleet struct {
	cfg      Config
	programs []*program // as they were started
	died     chan *program
}

const (
	patience = 60 * time.Second // until a program is ready
	grace    = 25 * time.Second // until one that was asked to end is killed
)

// Start starts the programs one after the other, each when what it needs is ready. When one does not become ready,
// or ctx ends, it stops the others, and the error says which one and what it said last.
func Start(ctx context.Context, cfg Config) (*Fleet, error) {
	f := &Fleet{cfg: cfg, died: make(chan *program, 5)}
	for _, start := range []func(ctx context.Context) error{f.redis, f.collector, f.gateways, f.prometheus} {
		if err := start(ctx); err != nil {
			f.Stop()
			return nil, err
		}
	}
	return f, nil
}

// Wait blocks until ctx ends, which is no error, or a program does. Then the error says which one and what it said
// last.
func (f *Fleet) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case p := <-f.died:
		return p.ended()
	}
}

// Stop ends the programs, those first that need others, and waits until they have ended. A gateway sends the
// Collector what it has left. Further calls only wait.
func (f *Fleet) Stop() {
	for i := len(f.programs) - 1; i >= 0; i-- {
		f.programs[i].stop(grace)
	}
}

// output is the file of what a program says.
func (f *Fleet) output(name string) string { return filepath.Join(f.cfg.Dir, name+".log") }

func (f *Fleet) redis(ctx context.Context) error {
	path, err := redisServer()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(f.cfg.Addrs.Redis)
	if err != nil {
		return err
	}
	return f.start(ctx, "redis", listens(f.cfg.Addrs.Redis), nil, path, "--bind", host, "--port", port, "--save", "", "--appendonly", "no")
}

func (f *Fleet) collector(ctx context.Context) error {
	env, err := f.cfg.Addrs.collectorEnv()
	if err != nil {
		return err
	}
	return f.start(ctx, "otelcol", answers("http://"+f.cfg.Addrs.Health+"/"), env,
		filepath.Join(f.cfg.Bin, "otelcol"), collectorConfigs(f.cfg.Root)...)
}

func (f *Fleet) gateways(ctx context.Context) error {
	for i, g := range f.cfg.Addrs.Gateways {
		args := append([]string{"-addr", g.HTTP, "-grpc", g.GRPC, "-admin", g.Admin}, f.cfg.Args[i]...)
		err := f.start(ctx, fmt.Sprintf("gateway-%d", i+1), answers("http://"+g.Admin+"/readyz"), f.cfg.Addrs.gatewayEnv(),
			filepath.Join(f.cfg.Bin, "gateway"), args...)
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *Fleet) prometheus(ctx context.Context) error {
	path, err := prometheus()
	if err != nil {
		return err
	}
	config := filepath.Join(f.cfg.Dir, "prometheus.yml")
	if err := prometheusConfig(f.cfg.Root, config, f.cfg.Addrs.targets()); err != nil {
		return err
	}
	addr := f.cfg.Addrs.Prometheus
	return f.start(ctx, "prometheus", answers("http://"+addr+"/-/ready"), nil, path, "--config.file="+config,
		"--storage.tsdb.path="+filepath.Join(f.cfg.Dir, "prometheus"), "--web.listen-address="+addr, "--enable-feature=exemplar-storage")
}

// start starts a program, waits until it is ready, and has Wait be told when it ends.
func (f *Fleet) start(ctx context.Context, name string, ready func(ctx context.Context) error, env []string, path string, args ...string) error {
	p, err := launch(f.cfg.Dir, name, env, path, args...)
	if err != nil {
		return err
	}
	f.programs = append(f.programs, p)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := p.await(ctx, ready); err != nil {
		return err
	}
	go func() {
		<-p.done
		f.died <- p
	}()
	return nil
}

// answers wants a URL to be answered with 200.
func answers(url string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		req.Close = true // a kept connection would be a goroutine
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", url, resp.Status)
		}
		return nil
	}
}

// listens wants an address to take connections.
func listens(addr string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}
