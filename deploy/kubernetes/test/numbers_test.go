package kubernetes_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/goflow-go/goflow/fxmodule"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

func TestAPodIsGivenTheTimeItNeedsToStop(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, m manifests) {
		d, _ := m.deployment(t)
		drain, err := time.ParseDuration(m.env(t)["GATEWAY_DRAIN"])
		if err != nil || drain <= 0 {
			t.Fatalf("GATEWAY_DRAIN: %v, %v", drain, err)
		}
		grace := time.Duration(*d.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second
		if want := drain + fxmodule.StopTimeout + 5*time.Second; grace < want {
			t.Errorf("the grace period is %v, want at least %v", grace, want)
		}
		h := get[*autoscalingv2.HorizontalPodAutoscaler](t, m, "HorizontalPodAutoscaler/gateway")
		if period := h.Spec.Behavior.ScaleDown.Policies[0].PeriodSeconds; time.Duration(period)*time.Second < grace {
			t.Errorf("a pod is taken away every %d s, before the last has stopped in %v", period, grace)
		}
	})
}

func TestMemoryIsBoundedBelowTheLimitOfThePod(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, m manifests) {
		_, c := m.deployment(t)
		i := slices.IndexFunc(c.Env, func(v corev1.EnvVar) bool { return v.Name == "GOMEMLIMIT" })
		if i < 0 {
			t.Fatal("there is no GOMEMLIMIT")
		}
		field := c.Env[i].ValueFrom.ResourceFieldRef
		if field.Resource != "requests.memory" || field.ContainerName != c.Name || field.Divisor.Value() != 1 {
			t.Errorf("GOMEMLIMIT is %+v, want the bytes of requests.memory", field)
		}
		share := float64(c.Resources.Requests.Memory().Value()) / float64(c.Resources.Limits.Memory().Value())
		if share < 0.8 || share > 0.92 {
			t.Errorf("GOMEMLIMIT is %.2f of the limit, want 0.8 to 0.92", share)
		}
	})
}

func TestPortsAreThoseTheGatewayServes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, m manifests) {
		_, c := m.deployment(t)
		env := m.env(t)
		ports := map[string]int32{}
		for _, p := range c.Ports {
			ports[p.Name] = p.ContainerPort
		}
		for name, variable := range map[string]string{"http": "GATEWAY_ADDR", "grpc": "GATEWAY_GRPC", "admin": "GATEWAY_ADMIN"} {
			if want := "0.0.0.0:" + strconv.Itoa(int(ports[name])); env[variable] != want {
				t.Errorf("%s is %q, want %q", variable, env[variable], want)
			}
		}
		for _, name := range []string{"Service/gateway", "Service/gateway-admin"} {
			for _, p := range get[*corev1.Service](t, m, name).Spec.Ports {
				if ports[p.TargetPort.StrVal] == 0 {
					t.Errorf("%s goes to port %q, which the container does not have", name, p.TargetPort.String())
				}
			}
		}
		for _, rule := range get[*networkingv1.NetworkPolicy](t, m, "NetworkPolicy/gateway").Spec.Ingress {
			for _, p := range rule.Ports {
				if name := p.Port.StrVal; ports[name] == 0 || (name == "admin") != (len(rule.From) > 0) {
					t.Errorf("port %q is let in from %v", name, rule.From)
				}
			}
		}
	})
}

func TestSelectorsFindThePods(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, m manifests) {
		d, _ := m.deployment(t)
		admin := get[*corev1.Service](t, m, "Service/gateway-admin")
		monitor := get[*monitoringv1.ServiceMonitor](t, m, "ServiceMonitor/gateway")
		for name, selector := range map[string]map[string]string{
			"Deployment":          d.Spec.Selector.MatchLabels,
			"Service":             get[*corev1.Service](t, m, "Service/gateway").Spec.Selector,
			"admin Service":       admin.Spec.Selector,
			"PodDisruptionBudget": get[*policyv1.PodDisruptionBudget](t, m, "PodDisruptionBudget/gateway").Spec.Selector.MatchLabels,
			"NetworkPolicy":       get[*networkingv1.NetworkPolicy](t, m, "NetworkPolicy/gateway").Spec.PodSelector.MatchLabels,
			"spread over zones":   d.Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector.MatchLabels,
			"spread over nodes":   d.Spec.Template.Spec.TopologySpreadConstraints[1].LabelSelector.MatchLabels,
		} {
			if !selects(selector, d.Spec.Template.Labels) {
				t.Errorf("%s selects %v, the pods have %v", name, selector, d.Spec.Template.Labels)
			}
		}
		if !selects(monitor.Spec.Selector.MatchLabels, admin.Labels) {
			t.Errorf("the ServiceMonitor selects %v, the Service has %v", monitor.Spec.Selector.MatchLabels, admin.Labels)
		}
		if selects(monitor.Spec.Selector.MatchLabels, get[*corev1.Service](t, m, "Service/gateway").Labels) {
			t.Error("the ServiceMonitor selects the Service of the traffic, too")
		}
		if got := monitor.Spec.Endpoints[0].Port; got != admin.Spec.Ports[0].Name {
			t.Errorf("the ServiceMonitor reads port %q", got)
		}
		h := get[*autoscalingv2.HorizontalPodAutoscaler](t, m, "HorizontalPodAutoscaler/gateway")
		if to := h.Spec.ScaleTargetRef; to.Kind != "Deployment" || to.Name != d.Name || d.Spec.Replicas != nil {
			t.Errorf("the autoscaler scales %+v, the Deployment has replicas %v", to, d.Spec.Replicas)
		}
	})
}

// selects says whether a selector is not empty and finds an object with the labels.
func selects(selector, labels map[string]string) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return len(selector) > 0
}

func TestTheAutoscalerKnowsAMetricOfTheRegistry(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, m manifests) {
		h := get[*autoscalingv2.HorizontalPodAutoscaler](t, m, "HorizontalPodAutoscaler/gateway")
		pods := h.Spec.Metrics[0].Pods
		prometheus := func(name string) string { return strings.ReplaceAll(name, ".", "_") }
		i := slices.IndexFunc(flowconv.Metrics, func(f flowconv.Metric) bool { return prometheus(f.Name) == pods.Metric.Name })
		if i < 0 || flowconv.Metrics[i].Instrument != flowconv.UpDownCounter {
			t.Fatalf("the registry has no metric %q that goes up and down", pods.Metric.Name)
		}
		for label := range pods.Metric.Selector.MatchLabels {
			if !slices.ContainsFunc(flowconv.Metrics[i].Attributes, func(a string) bool { return prometheus(a) == label }) {
				t.Errorf("%s has no label %s", pods.Metric.Name, label)
			}
		}
		most, err := strconv.ParseInt(m.env(t)["GATEWAY_CONCURRENCY"], 10, 64)
		if target := pods.Target.AverageValue.Value(); err != nil || target*2 != most {
			t.Errorf("the target is %d, want half of GATEWAY_CONCURRENCY, which is %d (%v)", target, most, err)
		}
		if got := m.env(t)["REDIS_INSTANCES"]; got != strconv.Itoa(int(*h.Spec.MinReplicas)) {
			t.Errorf("REDIS_INSTANCES is %s, and there are %d gateways at least", got, *h.Spec.MinReplicas)
		}
	})
}

func TestThePodIsRestricted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, m manifests) {
		d, c := m.deployment(t)
		pod, own := d.Spec.Template.Spec, c.SecurityContext
		for what, ok := range map[string]bool{
			"not root":               *pod.SecurityContext.RunAsNonRoot && *pod.SecurityContext.RunAsUser > 0,
			"seccomp":                pod.SecurityContext.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault,
			"read-only root":         *own.ReadOnlyRootFilesystem,
			"no escalation":          !*own.AllowPrivilegeEscalation,
			"no capabilities":        slices.Equal(own.Capabilities.Drop, []corev1.Capability{"ALL"}) && own.Capabilities.Add == nil,
			"no token":               !*pod.AutomountServiceAccountToken && !*get[*corev1.ServiceAccount](t, m, "ServiceAccount/gateway").AutomountServiceAccountToken,
			"no variables of others": !*pod.EnableServiceLinks,
		} {
			if !ok {
				t.Errorf("%s: it is not so", what)
			}
		}
		for _, secret := range []string{"GATEWAY_CONSOLE_TOKEN", "REDIS_ADDRS", "REDIS_USERNAME", "REDIS_PASSWORD"} {
			i := slices.IndexFunc(c.Env, func(v corev1.EnvVar) bool { return v.Name == secret })
			if i < 0 || c.Env[i].ValueFrom == nil || c.Env[i].ValueFrom.SecretKeyRef == nil {
				t.Errorf("%s is not from a Secret", secret)
			}
		}
	})
}

func TestEgressIsToWhatTheGatewayIsToldToCall(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, m manifests) {
		open := map[string]bool{"6379": true} // Redis, whose address is secret
		env := m.env(t)
		for _, name := range []string{"GATEWAY_UPSTREAM", "GATEWAY_GRPC_UPSTREAM", "OTEL_EXPORTER_OTLP_ENDPOINT"} {
			open[env[name][strings.LastIndex(env[name], ":")+1:]] = true
		}
		got := map[string]bool{}
		for _, rule := range get[*networkingv1.NetworkPolicy](t, m, "NetworkPolicy/gateway").Spec.Egress {
			for _, p := range rule.Ports {
				if port := p.Port.String(); port != "53" {
					got[port] = true
				}
			}
			if len(rule.To) == 0 {
				t.Error("a rule lets out to anywhere")
			}
		}
		if !maps.Equal(got, open) {
			t.Errorf("it is let out to %v, and calls %v", got, open)
		}
	})
}
