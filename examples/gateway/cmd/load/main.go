// Load makes requests to gateways in front of their sample services, until it is told to stop.
//
//	go run ./examples/gateway/cmd/load -http http://127.0.0.1:8080,http://127.0.0.1:8081 -grpc 127.0.0.1:50051 -rate 30
//
// Each flag can be set by an environment variable too: -http by LOAD_HTTP. Flags win.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/goflow-go/goflow/examples/gateway/internal/load"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stderr)
	stop()
	os.Exit(code)
}

// exitUsage says that a flag or a variable is wrong.
const exitUsage = 2

func run(ctx context.Context, args []string, env func(string) string, stderr io.Writer) int {
	cfg, err := parse(args, env, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = load.Run(ctx, cfg)
	}
	if err != nil {
		fmt.Fprintf(stderr, "load: %v\n", err)
		return exitUsage
	}
	return 0
}

func parse(args []string, env func(string) string, usage io.Writer) (cfg load.Config, err error) {
	fs := flag.NewFlagSet("load", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	http := fs.String("http", env("LOAD_HTTP"), "ask the gateways at these `URLs`, separated by commas")
	fs.Func("grpc", "call the gateways at these `host:port`, separated by commas (or LOAD_GRPC)", func(text string) error {
		cfg.GRPC = strings.Split(text, ",")
		return nil
	})
	rate := fs.String("rate", cmp.Or(env("LOAD_RATE"), "5"), "make `n` requests a second, and half as many gRPC calls")
	if calls := env("LOAD_GRPC"); calls != "" {
		cfg.GRPC = strings.Split(calls, ",")
	}
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fs.SetOutput(usage)
			fs.PrintDefaults()
		}
		return cfg, err
	}
	if cfg.Rate, err = strconv.Atoi(*rate); err != nil || cfg.Rate < 1 || cfg.Rate > load.MaxRate {
		return cfg, fmt.Errorf("invalid value %q for -rate (or LOAD_RATE): must be from 1 to %d", *rate, load.MaxRate)
	}
	if *http == "" && len(cfg.GRPC) > 0 {
		return cfg, nil
	}
	for text := range strings.SplitSeq(*http, ",") {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			return cfg, fmt.Errorf("invalid value %q for -http (or LOAD_HTTP): must be URLs, as in http://127.0.0.1:8080", *http)
		}
		cfg.HTTP = append(cfg.HTTP, u)
	}
	return cfg, nil
}
