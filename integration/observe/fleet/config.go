package fleet

import (
	"fmt"
	"net"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// gatewayEnv has a gateway share its limits, and send spans and log records to the Collector. Its metrics are
// scraped.
func (a Addrs) gatewayEnv() []string {
	return []string{
		"REDIS_ADDRS=" + a.Redis,
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + a.OTLP, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
		"OTEL_TRACES_EXPORTER=otlp", "OTEL_LOGS_EXPORTER=otlp", "OTEL_METRICS_EXPORTER=none",
		"OTEL_BSP_SCHEDULE_DELAY=1000", "OTEL_BLRP_SCHEDULE_DELAY=1000", // who looks does not like to wait
		"OTEL_GO_X_OBSERVABILITY=true",
		"GOMEMLIMIT=256MiB",
	}
}

// collectorEnv is what deploy/collector/config.yaml asks the environment for.
func (a Addrs) collectorEnv() ([]string, error) {
	host, port, err := net.SplitHostPort(a.Collector)
	return []string{
		"COLLECTOR_HEALTH=" + a.Health,
		"COLLECTOR_OTLP_GRPC=" + a.OTLPGRPC, "COLLECTOR_OTLP_HTTP=" + a.OTLP,
		"COLLECTOR_PROMETHEUS=" + a.Spans,
		"COLLECTOR_METRICS_HOST=" + host, "COLLECTOR_METRICS_PORT=" + port,
	}, err
}

// collectorConfigs are the arguments that name them. The second is laid over the first.
func collectorConfigs(root string) []string {
	return []string{
		"--config", filepath.Join(root, "deploy/collector/config.yaml"),
		"--config", filepath.Join(root, "integration/observe/observe.yaml"),
	}
}

// targets are those of each job of Prometheus.
func (a Addrs) targets() map[string][]string {
	return map[string][]string{
		"gateway": {a.Gateways[0].Admin, a.Gateways[1].Admin},
		"spans":   {a.Spans},
		"otelcol": {a.Collector},
	}
}

// prometheusConfig writes deploy/prometheus/prometheus.yml with other targets, and the rules from where they are.
func prometheusConfig(root, to string, targets map[string][]string) error {
	text, err := os.ReadFile(filepath.Join(root, "deploy/prometheus/prometheus.yml"))
	if err != nil {
		return err
	}
	var config map[string]any
	if err := yaml.Unmarshal(text, &config); err != nil {
		return err
	}
	config["rule_files"] = []string{filepath.Join(root, "deploy/prometheus/rules/*.yml")}
	jobs, _ := config["scrape_configs"].([]any)
	for _, j := range jobs {
		job, _ := j.(map[string]any)
		name, _ := job["job_name"].(string)
		if targets[name] == nil {
			return fmt.Errorf("fleet: nothing here is for the job %q of prometheus.yml", name)
		}
		job["static_configs"] = []any{map[string]any{"targets": targets[name]}}
	}
	if text, err = yaml.Marshal(config); err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}
