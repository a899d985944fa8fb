package fleet_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/integration/observe/fleet"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(built)
		os.Exit(code)
	}))
}

// built is where the programs are, once they were asked for.
var built string

var build = sync.OnceValues(func() (string, error) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		return "", err
	}
	if built, err = os.MkdirTemp("", "observe"); err != nil {
		return "", err
	}
	return root, fleet.Build(context.Background(), root, built)
})

// config is for a fleet of the test's own.
func config(t *testing.T) fleet.Config {
	t.Helper()
	root, err1 := build()
	addrs, err2 := fleet.Free()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return fleet.Config{Root: root, Bin: built, Dir: t.TempDir(), Addrs: addrs}
}

// eventually tries until check is content, for a minute.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	deadline, tick := time.After(time.Minute), time.NewTicker(200*time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("after a minute still: %v", err)
		}
	}
}
