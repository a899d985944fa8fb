package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errNoEngine):
		fmt.Fprintln(os.Stderr, "compose-verify: skipped:", err)
	case err != nil:
		fmt.Fprintln(os.Stderr, "compose-verify:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// budget is for all of it, the builds included.
const budget = 40 * time.Minute

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("composeverify", flag.ContinueOnError)
	root := flags.String("root", "..", "the `folder` of docker-compose.yml")
	report := flags.String("report", "docs/reliability.md", "write into this `file`, a path in -root; empty writes to standard output alone")
	keep := flags.Bool("keep", false, "leave all running, and the engine with it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	folder, err := filepath.Abs(*root)
	if err != nil {
		return err
	}
	engine, err := findEngine(ctx)
	if err != nil {
		return err
	}
	d := &demo{root: folder, engine: engine}
	if !*keep {
		defer d.close()
	}
	found, err := d.verify(ctx)
	if err != nil {
		return err
	}
	fmt.Println(found.markdown())
	if *report != "" {
		if err := found.write(filepath.Join(folder, *report)); err != nil {
			return err
		}
	}
	return found.broken()
}

// verify is the whole of it, in order.
func (d *demo) verify(ctx context.Context) (*findings, error) {
	var err error
	if d.file, err = readCompose(filepath.Join(d.root, composeFile)); err != nil {
		return nil, err
	}
	release, err := d.compose(ctx, "version", "--short")
	if err != nil {
		return nil, err
	}
	found := &findings{date: time.Now().UTC(), engine: d.engine.version, compose: strings.TrimSpace(release)}
	if found.images, err = d.provideImages(ctx); err != nil {
		return nil, err
	}
	if found.up, err = d.up(ctx); err != nil {
		return nil, err
	}
	found.checks = append(found.checks, d.checkContainers(ctx)...)
	if found.faults, err = d.breakAll(ctx); err != nil {
		return nil, err
	}
	found.checks = append(found.checks, d.checkTelemetry(ctx)...)
	found.load = loadAverage()
	return found, nil
}

// loadAverage is that of the last five minutes.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 1 {
		return fields[1]
	}
	return "unknown"
}

// poll asks now and then until the answer is yes, or ctx ends.
func poll(ctx context.Context, interval time.Duration, yes func() bool) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for !yes() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// say tells how far it is.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format(time.TimeOnly)+" "+format+"\n", args...)
}
