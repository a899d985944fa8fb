package fleet

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build builds the gateway and the Collector into dir. The first time the Collector takes minutes.
func Build(ctx context.Context, root, dir string) error {
	for _, b := range []struct{ binary, module, pkg string }{
		{"gateway", root, "./examples/gateway"},
		{"otelcol", filepath.Join(root, "integration/observe"), "./otelcol"},
	} {
		//nolint:gosec // the arguments are ours
		out, err := exec.CommandContext(ctx, "go", "build", "-C", b.module, "-o", filepath.Join(dir, b.binary), b.pkg).CombinedOutput()
		if err != nil {
			return fmt.Errorf("fleet: build of %s: %w\n%s", b.binary, err, out)
		}
	}
	return nil
}

// Installed is an error that says which program is missing, and how it is installed. Variables may name them:
// REDIS_SERVER and PROMETHEUS.
func Installed() error {
	if _, err := redisServer(); err != nil {
		return err
	}
	_, err := prometheus()
	return err
}

func redisServer() (string, error) {
	for _, name := range []string{cmp.Or(os.Getenv("REDIS_SERVER"), "redis-server"), "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("fleet: there is no redis-server: `make redis` installs it")
}

func prometheus() (string, error) {
	path, err := exec.LookPath(cmp.Or(os.Getenv("PROMETHEUS"), "prometheus"))
	if err != nil {
		return "", fmt.Errorf("fleet: there is no prometheus: `make prometheus` installs it")
	}
	return path, nil
}
