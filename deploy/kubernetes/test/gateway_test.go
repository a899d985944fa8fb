package kubernetes_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
)

// gateway builds the program that the pods run.
func gateway(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "gateway")
	command := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./examples/gateway")
	command.Dir = "../../.."
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}

func TestTheGatewayReadsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	program := gateway(t)
	for _, dir := range builds {
		m := build(t, dir)
		env := m.env(t)
		command := exec.CommandContext(t.Context(), program, "-h")
		command.Env = environment(env)
		usage, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: with the environment of the pod: %v: %s", dir, err, usage)
		}
		read := variables(string(usage))
		for name := range env {
			runtime := name == "GOMEMLIMIT" || strings.HasPrefix(name, "OTEL_")
			if !runtime && !read[name] && !strings.Contains(env["OTEL_RESOURCE_ATTRIBUTES"], "$("+name+")") {
				t.Errorf("%s: the gateway does not read %s", dir, name)
			}
		}
	}
}

// variables are the names of the environment variables that a usage tells.
func variables(usage string) map[string]bool {
	read := map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^  (-?)([\w-]+)`).FindAllStringSubmatch(usage, -1) {
		name := line[2]
		if line[1] == "-" {
			name = "GATEWAY_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		}
		read[name] = true
	}
	return read
}

// environment is what a process gets of env: what has a value, and a token.
func environment(env map[string]string) []string {
	list := []string{"GATEWAY_CONSOLE_TOKEN=as-long-as-a-token-has-to-be"}
	for name, value := range env {
		if value != "" && !strings.Contains(value, "$(") {
			list = append(list, name+"="+value)
		}
	}
	return list
}

// free gives an address on loopback that no one listens at.
func free(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// TestAPodOfTheBaseStartsIsProbedAndStops runs the gateway in the environment of the pod, but for its
// addresses, and treats it as a kubelet does.
func TestAPodOfTheBaseStartsIsProbedAndStops(t *testing.T) {
	t.Parallel()
	m := build(t, builds[0])
	d, c := m.deployment(t)
	program := gateway(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	env, admin := m.env(t), free(t)
	env["GATEWAY_ADDR"], env["GATEWAY_GRPC"], env["GATEWAY_ADMIN"] = "127.0.0.1:0", "127.0.0.1:0", admin
	env["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1" // no one is there
	command := exec.CommandContext(ctx, program)
	command.Env, command.Stderr = environment(env), os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	requireProbed(ctx, t, "http://"+admin, c.StartupProbe)
	requireProbed(ctx, t, "http://"+admin, c.LivenessProbe)
	requireProbed(ctx, t, "http://"+admin, c.ReadinessProbe)
	monitor := get[*monitoringv1.ServiceMonitor](t, m, "ServiceMonitor/gateway")
	if got := status(ctx, "http://"+admin+monitor.Spec.Endpoints[0].Path); got != http.StatusOK {
		t.Errorf("metrics: status %d", got)
	}
	began := time.Now()
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	drain, _ := time.ParseDuration(env["GATEWAY_DRAIN"])
	grace := time.Duration(*d.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second
	if took := time.Since(began); took < drain || took > grace {
		t.Errorf("it stopped in %v, want between the drain of %v and the grace period of %v", took, drain, grace)
	}
}

// requireProbed asks as often as the probe says.
func requireProbed(ctx context.Context, t *testing.T, at string, p *corev1.Probe) {
	t.Helper()
	if p.HTTPGet.Port.StrVal != "admin" {
		t.Errorf("%s is asked for at port %v", p.HTTPGet.Path, p.HTTPGet.Port.String())
	}
	for range p.FailureThreshold {
		if status(ctx, at+p.HTTPGet.Path) == http.StatusOK {
			return
		}
		<-time.After(time.Duration(p.PeriodSeconds) * time.Second)
	}
	t.Errorf("%s does not succeed", p.HTTPGet.Path)
}

// status gets a page, and gives its status, 0 when there is none.
func status(ctx context.Context, url string) int {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer func() { _ = answer.Body.Close() }()
	return answer.StatusCode
}
