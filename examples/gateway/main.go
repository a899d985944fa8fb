// Gateway is goflow's main example: a reverse proxy in front of real services, as one fx
// application. Without arguments it starts a sample service and a gentle load of its own.
//
//	go run ./examples/gateway
//	curl -i http://127.0.0.1:8080/hello
//	curl http://127.0.0.1:9090/metrics
//
// The console is at http://127.0.0.1:9090/debug/flow/, and gRPC at 127.0.0.1:50051.
// With REDIS_ADDRS set, all gateways at that Redis share one limit for each client.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/redis/go-redis/v9/logging"
	"go.uber.org/dig"
	"go.uber.org/fx"
)

func main() {
	logging.Disable() // go-redis's own lines: that Redis is away is told once, by telemetry
	os.Exit(run(os.Args[1:], os.LookupEnv, os.Stderr))
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // it could not start, or not go on
	exitUsage  = 2 // a flag, a variable or a config is wrong; nothing was started
)

func run(args []string, env func(string) (string, bool), stderr io.Writer) int {
	cfg, err := parse(args, env)
	if help, ok := errors.AsType[*errHelp](err); ok {
		fmt.Fprint(stderr, help.usage)
		return exitOK
	}
	if err != nil {
		return complain(stderr, err, exitUsage)
	}
	if cfg.Check != "" {
		if err := check(cfg.Check); err != nil {
			return complain(stderr, err, exitFailed)
		}
		return exitOK
	}
	var ready endpoints
	app := fx.New(application(cfg, stderr), fx.Populate(&ready))
	if err := app.Err(); err != nil {
		return complain(stderr, dig.RootCause(err), exitUsage)
	}
	done := app.Wait() // before Start, so that no signal is missed
	ctx, cancel := context.WithTimeout(context.Background(), app.StartTimeout())
	defer cancel()
	if err := app.Start(ctx); err != nil {
		return complain(stderr, err, exitFailed)
	}
	fmt.Fprint(stderr, ready)
	signal := <-done
	ctx, cancel = context.WithTimeout(context.Background(), app.StopTimeout())
	defer cancel()
	if err := app.Stop(ctx); err != nil {
		return complain(stderr, err, exitFailed)
	}
	return signal.ExitCode
}

// check asks whether a URL answers well, for a container that has no other program to do so.
func check(url string) error {
	client := &http.Client{Timeout: probeTime}
	defer client.CloseIdleConnections()
	resp, err := client.Get(url) //nolint:noctx // it has its timeout
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s answered %s", url, resp.Status)
	}
	return nil
}

// complain prints an error as one line.
func complain(stderr io.Writer, err error, code int) int {
	fmt.Fprintf(stderr, "gateway: %s\n", strings.Join(strings.Fields(err.Error()), " "))
	return code
}
