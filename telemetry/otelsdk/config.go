package otelsdk

import "github.com/goflow-go/goflow/core"

// Config says who the application is and what it does not want. The zero Config is ready to use.
type Config struct {
	// ServiceName is service.name. Defaults to OTEL_SERVICE_NAME, then to service.name in
	// OTEL_RESOURCE_ATTRIBUTES, then to the name of the executable.
	ServiceName string

	// ServiceVersion is service.version. Defaults to OTEL_RESOURCE_ATTRIBUTES, then to the version
	// of the main module, if the build has one.
	ServiceVersion string

	// ServiceInstanceID is service.instance.id, which tells instances of a service apart. Defaults
	// to OTEL_RESOURCE_ATTRIBUTES, then to a random UUID.
	ServiceInstanceID string

	// Attributes are further attributes of the resource. They win over OTEL_RESOURCE_ATTRIBUTES.
	Attributes map[string]string

	// CardinalityLimit is how many attribute sets each instrument may have; further ones add to one
	// set marked otel.metric.overflow. Defaults to the SDK's 2000.
	CardinalityLimit int

	// DisablePrometheus leaves [SDK.MetricsHandler] empty.
	DisablePrometheus bool

	// DisableRuntimeMetrics leaves out the metrics of the Go runtime (go.*).
	DisableRuntimeMetrics bool
}

// Validate reports every field that is wrong. It does not look at the environment; [Setup] does.
func (c Config) Validate() error {
	var faults core.Faults
	c.check(&faults)
	return faults.Err()
}

func (c Config) check(faults *core.Faults) {
	faults.Require(c.CardinalityLimit >= 0, "CardinalityLimit", c.CardinalityLimit, "must not be negative")
	value, empty := c.Attributes[""]
	faults.Require(!empty, "Attributes", value, "must not have an empty key")
}
