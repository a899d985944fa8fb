// Package flowconv holds the names, units and attributes of everything goflow emits. Its tables are
// generated from telemetry/registry.yaml, their single source; docs/telemetry.md is the same
// for reading.
package flowconv

// Instrument is the kind of a [Metric]'s instrument.
type Instrument uint8

// The kinds of instruments.
const (
	Counter       Instrument = iota + 1 // only grows
	UpDownCounter                       // grows and shrinks; sums over instances
	Gauge                               // a value of now; does not sum
	Histogram                           // a distribution
)

// Metric declares one metric.
type Metric struct {
	Name        string
	Unit        string // UCUM
	Description string
	Instrument  Instrument
	Observable  bool      // read at collection from the engine's memory
	Boundaries  []float64 // of a Histogram: explicit bucket boundaries
	Attributes  []string  // the attribute keys its points may carry
}

// Span declares one family of spans, named "{verb} {instance name}".
type Span struct {
	ID         string
	Verbs      []string
	Attributes []string
}

// Event declares one event: a log record with this event name.
type Event struct {
	Name       string
	Attributes []string
}
