package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// makers make what stands in for images that cannot be pulled, by repository.
var makers = map[string]func(ctx context.Context, root, dir string) (*standIn, error){
	"golang":                               makeBuilder,
	"redis":                                makeRedis,
	"prom/prometheus":                      makePrometheus,
	"otel/opentelemetry-collector-contrib": makeCollector,
	"jaegertracing/jaeger":                 makeJaeger,
	"grafana/grafana":                      makeGrafana,
}

// makeBuilder has this machine's Go, and a folder with the modules the gateway needs, as a proxy would give them.
func makeBuilder(ctx context.Context, root, dir string) (*standIn, error) {
	modules := filepath.Join(dir, "modules")
	download := exec.CommandContext(ctx, "go", "mod", "download")
	download.Dir = root
	download.Env = append(os.Environ(), "GOMODCACHE="+modules, "GOFLAGS=-modcacherw", "GOPROXY="+nearProxy(ctx))
	if _, err := output(download); err != nil {
		return nil, err
	}
	goroot, err := output(exec.CommandContext(ctx, "go", "env", "GOROOT"))
	if err != nil {
		return nil, err
	}
	version, err := output(exec.CommandContext(ctx, "go", "env", "GOVERSION"))
	if err != nil {
		return nil, err
	}
	s := &standIn{
		what: strings.TrimSpace(version) + " of this machine, with a folder in place of the module proxy",
		files: map[string]string{
			"/usr/local/go":                      strings.TrimSpace(goroot),
			"/proxy":                             filepath.Join(modules, "cache", "download"),
			"/etc/ssl/certs/ca-certificates.crt": "/etc/ssl/certs/ca-certificates.crt",
		},
		owners: map[string]int{"/tmp": 0, "/root": 0},
		changes: []string{
			"ENV PATH=/usr/local/go/bin:/bin", "ENV HOME=/root", "ENV GOPROXY=file:///proxy", "ENV GOSUMDB=off", "ENV GOTOOLCHAIN=local",
		},
	}
	return s, s.shell()
}

// nearProxy is this machine's cache first, and then what it is set to.
func nearProxy(ctx context.Context) string {
	var found []string
	for _, name := range []string{"GOMODCACHE", "GOPROXY"} {
		value, err := output(exec.CommandContext(ctx, "go", "env", name))
		if err == nil {
			found = append(found, strings.TrimSpace(value))
		}
	}
	return "file://" + filepath.Join(found[0], "cache", "download") + "," + found[1]
}

// makeRedis has Debian's Redis.
func makeRedis(ctx context.Context, _, _ string) (*standIn, error) {
	s := &standIn{
		files:   map[string]string{},
		owners:  map[string]int{"/data": 999},
		changes: []string{"ENV PATH=/usr/bin:/bin", "WORKDIR /data", `CMD ["redis-server"]`},
	}
	for _, name := range []string{"redis-server", "redis-cli"} {
		if err := s.program(ctx, name); err != nil {
			return nil, err
		}
	}
	version, err := output(exec.CommandContext(ctx, "redis-server", "--version"))
	s.what = "Debian's redis-server " + field(version, "v=")
	return s, err
}

// makePrometheus has Debian's Prometheus.
func makePrometheus(ctx context.Context, _, _ string) (*standIn, error) {
	s := &standIn{
		files:   map[string]string{},
		owners:  map[string]int{"/prometheus": 65534},
		changes: []string{"ENV PATH=/usr/bin:/bin", "WORKDIR /prometheus", `ENTRYPOINT ["/usr/bin/prometheus"]`},
	}
	if err := s.program(ctx, "prometheus"); err != nil {
		return nil, err
	}
	version, err := exec.CommandContext(ctx, "prometheus", "--version").CombinedOutput()
	s.what = "Debian's prometheus " + field(string(version), "version ")
	if err != nil {
		return nil, err
	}
	return s, s.shell()
}

// field is the word that follows.
func field(text, before string) string {
	_, after, _ := strings.Cut(text, before)
	word, _, _ := strings.Cut(after, " ")
	return strings.TrimSuffix(strings.TrimSpace(word), ",")
}

// makeCollector has a collector of the same release, built with the parts our config names.
func makeCollector(ctx context.Context, root, dir string) (*standIn, error) {
	binary, err := build(ctx, filepath.Join(root, "integration", "observe"), "./otelcol", filepath.Join(dir, "otelcol"))
	if err != nil {
		return nil, err
	}
	return &standIn{
		what:    "a collector of the same modules, with the parts that our config names",
		files:   map[string]string{"/otelcol-contrib": binary},
		owners:  map[string]int{"/tmp": 0},
		changes: []string{`ENTRYPOINT ["/otelcol-contrib"]`, "USER 10001"},
	}, nil
}

// builtJaeger is Jaeger, where someone has built it: its module has no releases that go install would take.
const builtJaeger = "the program that JAEGER names, built from the source of its module"

// makeJaeger has that one, or else what only counts what it is sent.
func makeJaeger(ctx context.Context, root, dir string) (*standIn, error) {
	if binary := os.Getenv("JAEGER"); binary != "" {
		s := &standIn{
			what: builtJaeger, files: map[string]string{"/jaeger": binary}, owners: map[string]int{"/tmp": 0},
			changes: []string{"ENV PATH=/bin", `ENTRYPOINT ["/jaeger"]`},
		}
		if err := s.libraries(ctx, binary); err != nil {
			return nil, err
		}
		return s, s.shell()
	}
	return makePlaceholder(ctx, root, dir, "jaeger", "a program of ours that takes OTLP and counts spans")
}

// makeGrafana only reads what it is given.
func makeGrafana(ctx context.Context, root, dir string) (*standIn, error) {
	return makePlaceholder(ctx, root, dir, "grafana", "a program of ours that reads the provisioning")
}

func makePlaceholder(ctx context.Context, root, dir, name, what string) (*standIn, error) {
	binary, err := build(ctx, filepath.Join(root, "tools"), "./composeverify/placeholder", filepath.Join(dir, "placeholder"))
	if err != nil {
		return nil, err
	}
	s := &standIn{
		what:    what,
		files:   map[string]string{"/placeholder": binary},
		owners:  map[string]int{"/tmp": 0},
		changes: []string{"ENV PATH=/bin", fmt.Sprintf(`ENTRYPOINT ["/placeholder", %q]`, name)},
	}
	return s, s.shell()
}

// build makes a static program.
func build(ctx context.Context, module, pkg, to string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", to, pkg)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", pkg, err, tail(stderr.Bytes(), 10))
	}
	return to, nil
}
