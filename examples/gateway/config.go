package main

import (
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowadmin/console"
	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/examples/gateway/internal/load"
	"github.com/goflow-go/goflow/fxmodule/redisfx"
	"github.com/goflow-go/goflow/limit"
)

// config is what the gateway can be told, by flags and by environment variables.
type config struct {
	Addr         string         // where it serves
	GRPC         string         // where it serves gRPC; "" does not
	Admin        string         // where it serves probes, metrics and the console
	ConsoleToken console.Secret // what an operator says to the console; one is made up without
	Upstream     string         // what it fronts; "" starts a sample
	GRPCUpstream string         // the same for gRPC
	Mirror       string         // where copies of some requests go
	Rate         limit.Rate     // of each client
	Burst        int            // of each client
	Concurrency  int            // requests at the upstream at the same time
	Timeout      time.Duration  // of a request at the upstream, retries included
	Load         int            // own requests a second
	AccessLog    string         // the file of the access log; "" writes none
	Usage        string         // the directory of the queue of what was served
	Name         string         // tells it apart from other gateways; "" takes host and port
	SchedLatency time.Duration  // above which it refuses some requests; 0 does not look
	Drain        time.Duration  // how long it stays up after it has become not ready
	Redis        redisfx.Config // through which limits are shared; without addresses they are not

	Check string // a URL that is asked, and nothing else done

	madeUp   bool              // the token is
	settings []flowadmin.Field // the flags as they are set
}

// errHelp says that the user asked for the usage, which is its text.
type errHelp struct{ usage string }

func (e *errHelp) Error() string { return e.usage }

// envPrefix begins the names of environment variables: GATEWAY_ADDR is -addr. Flags win.
const envPrefix = "GATEWAY_"

// variable names the environment variable of a flag.
func variable(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func parse(args []string, env func(string) (string, bool)) (cfg config, err error) {
	fs := flag.NewFlagSet("gateway", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&cfg.Addr, "addr", "127.0.0.1:8080", "serve on this `host:port`")
	fs.StringVar(&cfg.GRPC, "grpc", "127.0.0.1:50051", "serve gRPC on this `host:port`; empty serves none")
	fs.StringVar(&cfg.Admin, "admin", "127.0.0.1:9090", "serve probes, metrics and the console on this `host:port`")
	fs.StringVar(&cfg.Upstream, "upstream", "", "front this `URL`; without it a sample upstream is started")
	fs.StringVar(&cfg.GRPCUpstream, "grpc-upstream", "", "front gRPC at this `host:port`, in plain text; without it, and without -upstream, a sample is started")
	fs.StringVar(&cfg.Mirror, "mirror", "", "send a copy of every fifth GET to this `URL`; the sample upstream gets its own")
	fs.TextVar(&cfg.Rate, "rate", limit.PerSecond(20), "let each client make requests at this `rate`, as in 20/s or 5/m")
	fs.IntVar(&cfg.Burst, "burst", 40, "let each client make up to `n` requests at once")
	fs.IntVar(&cfg.Concurrency, "concurrency", 128, "send up to `n` requests to the upstream at the same time")
	fs.DurationVar(&cfg.Timeout, "timeout", 10*time.Second, "give the upstream this `duration` to answer, retries included")
	fs.IntVar(&cfg.Load, "load", 5, "make `n` requests a second of its own; 0 makes none")
	fs.StringVar(&cfg.AccessLog, "access-log", "", "append a line for each request to this `file`")
	fs.StringVar(&cfg.Usage, "usage", "", "queue a record of each request that was served in this `directory` until it is counted; with the sample upstream there is a temporary one")
	fs.StringVar(&cfg.Name, "name", "", "tell this gateway apart from others at its Redis by this `text`; host and port do without")
	fs.DurationVar(&cfg.SchedLatency, "max-sched-latency", 50*time.Millisecond, "refuse some requests while goroutines wait longer than this `duration` for a processor; 0 does not look")
	fs.DurationVar(&cfg.Drain, "drain", 0, "on SIGTERM, go on for this `duration` after having become not ready")
	fs.StringVar(&cfg.Check, "check", "", "ask this `URL`, and do nothing else: exit code 0 says that it answered well, as the health checks of containers want it")

	if err := errors.Join(
		fromEnv(fs, variable, env), fromEnv(secretFlags(&cfg), variable, env), fromEnv(redisFlags(&cfg.Redis), redisVariable, env),
	); err != nil {
		return cfg, err
	}
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return cfg, &errHelp{usage(fs)}
	case err != nil:
		return cfg, err
	case fs.NArg() > 0:
		return cfg, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	fs.VisitAll(func(f *flag.Flag) {
		cfg.settings = append(cfg.settings, flowadmin.Field{Name: f.Name, Value: f.Value.String()})
	})
	return cfg.withToken(), cfg.validate()
}

// withToken makes up a token where there is none.
func (c config) withToken() config {
	if c.ConsoleToken == "" {
		c.ConsoleToken, c.madeUp = console.Secret(rand.Text()), true
	}
	return c
}

// fromEnv sets flags by their environment variables.
func fromEnv(fs *flag.FlagSet, variable func(flag string) string, env func(string) (string, bool)) error {
	var faults []error
	fs.VisitAll(func(f *flag.Flag) {
		name := variable(f.Name)
		if v, ok := env(name); ok {
			if err := f.Value.Set(v); err != nil {
				faults = append(faults, fmt.Errorf("invalid value %q for %s: %w", v, name, err))
			}
		}
	})
	return errors.Join(faults...)
}

// validate names the flag at fault; its environment variable is the same word.
func (c config) validate() error {
	var faults []error
	require := func(ok bool, name string, value any, want string) {
		if !ok {
			faults = append(faults, fmt.Errorf("invalid value \"%v\" for -%s (or %s): %s", value, name, variable(name), want))
		}
	}
	hostPort := func(addr string) bool { return flowhttp.ServerConfig{Addr: addr}.Validate() == nil }
	require(hostPort(c.Addr), "addr", c.Addr, "must be host:port")
	require(hostPort(c.Admin), "admin", c.Admin, "must be host:port")
	require(c.GRPC == "" || hostPort(c.GRPC), "grpc", c.GRPC, "must be host:port")
	require(c.GRPCUpstream == "" || hostPort(c.GRPCUpstream), "grpc-upstream", c.GRPCUpstream, "must be host:port")
	require(c.Upstream == "" || isURL(c.Upstream), "upstream", c.Upstream, "must be a URL, as in http://127.0.0.1:8000")
	require(c.Check == "" || isURL(c.Check), "check", c.Check, "must be a URL, as in http://127.0.0.1:9090/readyz")
	require(c.Mirror == "" || isURL(c.Mirror), "mirror", c.Mirror, "must be a URL, as in http://127.0.0.1:8000")
	require(c.Burst > 0, "burst", c.Burst, "must be above 0")
	require(c.Concurrency > 0 && c.Concurrency <= maxConcurrency, "concurrency", c.Concurrency, fmt.Sprintf("must be from 1 to %d", maxConcurrency))
	require(c.Timeout > 0, "timeout", c.Timeout, "must be above 0s")
	require(c.Load >= 0 && c.Load <= maxLoad, "load", c.Load, fmt.Sprintf("must be from 0 to %d", maxLoad))
	require(c.SchedLatency >= 0, "max-sched-latency", c.SchedLatency, "must not be negative")
	require(c.Drain >= 0 && c.Drain <= maxDrain, "drain", c.Drain, fmt.Sprintf("must be from 0s to %v", maxDrain))
	if len(faults) == 0 {
		if err := (limit.KeyedConfig{Rate: c.Rate, Burst: c.Burst}).Validate(); err != nil {
			faults = append(faults, fmt.Errorf("-rate and -burst: %w", err))
		}
		if err := (console.Config{Token: c.ConsoleToken}).Validate(); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", variable("console-token"), err))
		}
		if err := c.Redis.Validate(); err != nil {
			faults = append(faults, fmt.Errorf("%s*: %w", redisPrefix, err))
		}
	}
	return errors.Join(faults...)
}

// describe tells the environment variables of flags.
func describe(w io.Writer, fs *flag.FlagSet, variable func(flag string) string) {
	fs.VisitAll(func(f *flag.Flag) {
		kind, text := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			text += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		fmt.Fprintf(w, "  %s\n    \t%s\n", strings.TrimSpace(variable(f.Name)+" "+kind), text)
	})
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

const (
	maxConcurrency = 100_000
	maxLoad        = load.MaxRate
	maxDrain       = 20 * time.Second
)

func usage(fs *flag.FlagSet) string {
	var text strings.Builder
	text.WriteString("Gateway is a reverse proxy with a limit for each client, traced and metered.\n\n")
	fs.SetOutput(&text)
	fs.PrintDefaults()
	text.WriteString("\nThese environment variables have no flags:\n")
	describe(&text, secretFlags(&config{}), variable)
	describe(&text, redisFlags(&redisfx.Config{}), redisVariable)
	fmt.Fprintf(&text, "\nEach flag can be set by an environment variable too: -addr by %sADDR. Flags win.\n"+
		"OpenTelemetry's own OTEL_* variables are honoured: OTEL_TRACES_EXPORTER=console prints traces.\n", envPrefix)
	return text.String()
}
