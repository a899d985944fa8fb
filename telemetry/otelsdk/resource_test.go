package otelsdk_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// resourceOf reads the resource an SDK reports under.
func resourceOf(t *testing.T, cfg otelsdk.Config) *resource.Resource {
	t.Helper()
	reader := sdkmetric.NewManualReader()
	setup(t, cfg, otelsdk.WithReader(reader))
	var rm metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &rm); err != nil {
		t.Fatal(err)
	}
	return rm.Resource
}

func requireAttr(t *testing.T, res *resource.Resource, key attribute.Key, want string) {
	t.Helper()
	if v, _ := res.Set().Value(key); v.AsString() != want {
		t.Errorf("%s is %q, want %q", key, v.AsString(), want)
	}
}

func TestResourceDefaultsToTheExecutableAndARandomInstance(t *testing.T) {
	t.Parallel()
	res := resourceOf(t, otelsdk.Config{})
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	requireAttr(t, res, "service.name", filepath.Base(exe))
	requireAttr(t, res, "telemetry.sdk.language", "go")
	id, _ := res.Set().Value("service.instance.id")
	other, _ := resourceOf(t, otelsdk.Config{}).Set().Value("service.instance.id")
	if !uuidV4.MatchString(id.AsString()) || id == other {
		t.Errorf("instance ids %q and %q, want two random UUIDs", id.AsString(), other.AsString())
	}
	if res.SchemaURL() != "" {
		t.Errorf("schema URL %q, want none", res.SchemaURL())
	}
}

func TestResourceTakesTheEnvironmentOverDefaults(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "from-env")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=lost,service.instance.id=7,deployment.environment.name=prod,broken")
	res := resourceOf(t, otelsdk.Config{}) // the broken piece is reported, not fatal
	requireAttr(t, res, "service.name", "from-env")
	requireAttr(t, res, "service.instance.id", "7")
	requireAttr(t, res, "deployment.environment.name", "prod")
}

func TestResourceTakesTheConfigOverTheEnvironment(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "from-env")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=blue,service.version=0")
	res := resourceOf(t, otelsdk.Config{
		ServiceName: "checkout", ServiceVersion: "1.2.3", ServiceInstanceID: "a",
		Attributes: map[string]string{"team": "red", "service.name": "lost"},
	})
	requireAttr(t, res, "service.name", "checkout")
	requireAttr(t, res, "service.version", "1.2.3")
	requireAttr(t, res, "service.instance.id", "a")
	requireAttr(t, res, "team", "red")
}
