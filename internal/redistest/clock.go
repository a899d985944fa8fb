package redistest

import (
	"context"
	_ "embed" // the library's source
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed shim/clock.c
var shimSource []byte

// buildShim compiles the library that moves a server's wall clock.
func buildShim(dir string) (string, error) {
	source, library := filepath.Join(dir, "clock.c"), filepath.Join(dir, "clock.so")
	if err := os.WriteFile(source, shimSource, 0o600); err != nil {
		return "", err
	}
	out, err := exec.CommandContext(context.Background(), "gcc", "-O2", "-Wall", "-shared", "-fPIC", "-o", library, source).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("redistest: WithClock needs gcc (apt-get install gcc libc6-dev): %w\n%s", err, out)
	}
	return library, nil
}

func (n *node) clockFile() string { return filepath.Join(n.dir, "clock") }

// setClock writes the offset to where the server has mapped it from.
func (n *node) setClock(offset time.Duration) error {
	if n.lab.shim == "" {
		return fmt.Errorf("redistest: %s was started without WithClock", n.addr())
	}
	f, err := os.OpenFile(n.clockFile(), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // what matters is the write
	_, err = f.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(offset)), 0)
	return err
}
