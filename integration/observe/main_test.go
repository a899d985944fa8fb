package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/integration/observe/fleet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBeingStoppedWhileItBuildsIsNoErrorAndLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var said bytes.Buffer
	if err := observe(ctx, &said, "../..", true); err != nil || !strings.Contains(said.String(), "Building") {
		t.Errorf("got %v, said %q", err, &said)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v, want nothing left", left, err)
	}
}

func TestATakenAddressIsAnErrorThatTellsOfFreeOnes(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", fleet.WellKnown().Prometheus)
	if err == nil { // else it is taken already
		defer func() { _ = l.Close() }()
	}
	err = observe(t.Context(), new(bytes.Buffer), "../..", false)
	if err == nil || !strings.Contains(err.Error(), "ARGS=-free") {
		t.Errorf("got %v, want to be told of -free", err)
	}
}
