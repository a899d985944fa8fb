package kubernetes_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// builds are what there is to build.
var builds = []string{"../base", "../overlays/production"}

// manifests are the objects of a build, by kind and name.
type manifests map[string]runtime.Object

// build builds a kustomization and decodes each object strictly: a field that its type does not have is
// an error, and so is one that is there twice.
func build(t *testing.T, dir string) manifests {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	strict := newDecoder(t)
	all := manifests{}
	for _, r := range built.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		object, kind, err := strict.Decode(text, nil, nil)
		if err != nil {
			t.Fatalf("%s %s: %v", r.GetKind(), r.GetName(), err)
		}
		all[kind.Kind+"/"+r.GetName()] = object
	}
	return all
}

// newDecoder makes a strict decoder of the kinds there are.
func newDecoder(t *testing.T) runtime.Decoder {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, autoscalingv2.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
		monitoringv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
}

func TestAFieldThatKubernetesDoesNotKnowIsFound(t *testing.T) {
	t.Parallel()
	strict := newDecoder(t)
	for name, text := range map[string]string{
		"a field of a pod":     "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {gracePeriod: 40}}}",
		"a field given twice":  "apiVersion: v1\nkind: Service\nspec:\n  clusterIP: None\n  clusterIP: None",
		"a field of a monitor": "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nspec: {endpoints: [{paths: /metrics}]}",
		"a kind":               "apiVersion: v1\nkind: Servant",
	} {
		if _, _, err := strict.Decode([]byte(text), nil, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// get gives the one object whose kind and name begin so: the names of ConfigMaps end with a hash.
func get[T runtime.Object](t *testing.T, all manifests, name string) T {
	t.Helper()
	if object, ok := all[name].(T); ok {
		return object
	}
	var zero T
	t.Fatalf("there is no %s of %T, only %v", name, zero, all.names())
	return zero
}

func (m manifests) names() (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// deployment gives the Deployment and its container.
func (m manifests) deployment(t *testing.T) (*appsv1.Deployment, corev1.Container) {
	t.Helper()
	d := get[*appsv1.Deployment](t, m, "Deployment/gateway")
	if n := len(d.Spec.Template.Spec.Containers); n != 1 {
		t.Fatalf("%d containers, want 1", n)
	}
	return d, d.Spec.Template.Spec.Containers[0]
}

// env is what the container's environment is made of: values, and the names of what comes from elsewhere.
func (m manifests) env(t *testing.T) map[string]string {
	t.Helper()
	env := map[string]string{}
	_, c := m.deployment(t)
	for _, from := range c.EnvFrom {
		for name, value := range get[*corev1.ConfigMap](t, m, "ConfigMap/"+from.ConfigMapRef.Name).Data {
			env[name] = value
		}
	}
	for _, v := range c.Env {
		env[v.Name] = v.Value
	}
	return env
}

// each runs a test on each build.
func each(t *testing.T, test func(t *testing.T, m manifests)) {
	t.Helper()
	for _, dir := range builds {
		t.Run(strings.TrimPrefix(dir, "../"), func(t *testing.T) {
			t.Parallel()
			test(t, build(t, dir))
		})
	}
}

func TestEveryKindIsThere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, m manifests) {
		all := fmt.Sprint(m.names())
		for _, want := range []string{
			"ConfigMap/gateway-", "ConfigMap/gateway-otel-", "Deployment/gateway", "HorizontalPodAutoscaler/gateway", "NetworkPolicy/gateway",
			"PodDisruptionBudget/gateway", "Service/gateway", "Service/gateway-admin", "ServiceAccount/gateway", "ServiceMonitor/gateway",
		} {
			if !strings.Contains(all, want) {
				t.Errorf("there is no %s in %s", want, all)
			}
		}
	})
}
