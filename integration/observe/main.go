// Observe shows two gateways and what observes them, without containers. `make observe` runs it. It needs
// redis-server and prometheus; the gateway and the Collector it builds, which takes minutes the first time.
//
//	make observe             # on well-known addresses
//	make observe ARGS=-free  # on free ones
//
// It runs until Ctrl-C, and then stops what it started.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/goflow-go/goflow/integration/observe/fleet"
)

func main() {
	root := flag.String("root", "../..", "the `folder` of the repository")
	free := flag.Bool("free", false, "listen on free addresses, not on well-known ones")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := observe(ctx, os.Stderr, *root, *free); err != nil {
		fmt.Fprintf(os.Stderr, "observe: %s\n", strings.TrimPrefix(err.Error(), "fleet: "))
		os.Exit(1) //nolint:gocritic // stop has nothing left to do
	}
}

// observe runs until ctx ends, and tells w what there is to see.
func observe(ctx context.Context, w io.Writer, root string, free bool) (err error) {
	addrs, err := addresses(free)
	if err != nil {
		return err
	}
	if err := fleet.Installed(); err != nil {
		return err
	}
	if root, err = filepath.Abs(root); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "observe")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	fmt.Fprintln(w, "Building the gateway and the Collector. The first time that takes minutes.")
	if err := fleet.Build(ctx, root, dir); err != nil {
		return quiet(ctx, err)
	}
	f, err := fleet.Start(ctx, fleet.Config{Root: root, Bin: dir, Dir: dir, Addrs: addrs})
	if err != nil {
		return quiet(ctx, err)
	}
	defer func() {
		fmt.Fprintln(w, "\nStopping.")
		f.Stop()
	}()
	fmt.Fprint(w, f.Guide())
	return f.Wait(ctx)
}

// addresses are free ones, or the well-known ones, if they are free.
func addresses(free bool) (fleet.Addrs, error) {
	if free {
		return fleet.Free()
	}
	a := fleet.WellKnown()
	if err := a.Taken(); err != nil {
		return a, fmt.Errorf("%w; stop what has it, or take free addresses: make observe ARGS=-free", err)
	}
	return a, nil
}

// quiet lets Ctrl-C be no error.
func quiet(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}
