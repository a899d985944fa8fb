package telemetrytest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/goflow-go/goflow/telemetry/flowconv"
)

const module = "github.com/goflow-go/goflow"

// ours reports whether a scope is one of goflow's packages, whose names the registry declares.
func ours(name string) bool {
	return (name == module || strings.HasPrefix(name, module+"/")) && name != scope
}

// RequireDeclared checks all that goflow's packages have emitted against flowconv: names, units,
// kinds, boundaries and attribute keys of metrics; verbs and attribute keys of spans; names and
// attribute keys of events. The test of each engine package ends with it.
func (r *Recorder) RequireDeclared() {
	r.t.Helper()
	wrong := r.undeclaredMetrics()
	for _, s := range r.Spans() {
		if ours(s.InstrumentationScope().Name) && family(s.Name(), s.Attributes()) == nil {
			wrong = append(wrong, fmt.Sprintf("span %q%s", s.Name(), braces(s.Attributes())))
		}
	}
	for _, e := range r.Logs() {
		attrs := attributesOf(&e)
		if ours(e.InstrumentationScope().Name) && event(e.EventName(), attrs) == nil {
			wrong = append(wrong, fmt.Sprintf("event %s%s", e.EventName(), braces(attrs)))
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		r.t.Fatalf("telemetrytest: not declared so in telemetry/registry.yaml:\n  %s", strings.Join(slices.Compact(wrong), "\n  "))
	}
}

func (r *Recorder) undeclaredMetrics() []string {
	var wrong []string
	for _, scope := range r.Collect().ScopeMetrics {
		if !ours(scope.Scope.Name) {
			continue
		}
		for _, m := range scope.Metrics {
			if why := undeclared(m); why != "" {
				wrong = append(wrong, fmt.Sprintf("metric %s: %s", m.Name, why))
			}
		}
	}
	return wrong
}

// overflow marks the points of the SDK and of telemetry that stand for too many others.
const overflow attribute.Key = "otel.metric.overflow"

// undeclared says how a metric differs from its declaration, or nothing.
func undeclared(m metricdata.Metrics) string {
	i := slices.IndexFunc(flowconv.Metrics, func(d flowconv.Metric) bool { return d.Name == m.Name })
	if i < 0 {
		return "no such name"
	}
	want, got := flowconv.Metrics[i], read(m.Data)
	if got.instrument != want.Instrument {
		return fmt.Sprintf("instrument %s, not %s", instrumentName(got.instrument), instrumentName(want.Instrument))
	}
	if m.Unit != want.Unit || m.Description != want.Description {
		return fmt.Sprintf("unit %q, %q; not %q, %q", m.Unit, m.Description, want.Unit, want.Description)
	}
	if !slices.Equal(got.boundaries, want.Boundaries) {
		return fmt.Sprintf("boundaries %v, not %v", got.boundaries, want.Boundaries)
	}
	for _, p := range got.points {
		for _, kv := range p.Attributes.ToSlice() {
			if kv.Key != overflow && !slices.Contains(want.Attributes, string(kv.Key)) {
				return fmt.Sprintf("attribute %s", kv.Key)
			}
		}
	}
	return ""
}

// family finds the declaration of a span, by its verb and attributes: where several fit, the one with
// the fewest attributes.
func family(name string, attrs []attribute.KeyValue) (best *flowconv.Span) {
	verb, instance, _ := strings.Cut(name, " ")
	for i, d := range flowconv.Spans {
		fits := instance != "" && slices.Contains(d.Verbs, verb) && within(attrs, d.Attributes)
		if fits && (best == nil || len(d.Attributes) < len(best.Attributes)) {
			best = &flowconv.Spans[i]
		}
	}
	return best
}

// event finds the declaration of an event.
func event(name string, attrs []attribute.KeyValue) *flowconv.Event {
	for i, d := range flowconv.Events {
		if d.Name == name && within(attrs, d.Attributes) {
			return &flowconv.Events[i]
		}
	}
	return nil
}

// within reports whether all keys of attrs are among keys.
func within(attrs []attribute.KeyValue, keys []string) bool {
	return !slices.ContainsFunc(attrs, func(kv attribute.KeyValue) bool { return !slices.Contains(keys, string(kv.Key)) })
}

// notice remembers which metrics of goflow a collection held.
func (r *Recorder) notice(rm metricdata.ResourceMetrics) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, scope := range rm.ScopeMetrics {
		if !ours(scope.Scope.Name) {
			continue
		}
		for _, m := range scope.Metrics {
			for _, p := range read(m.Data).points {
				add(r.seen, m.Name, p.Attributes.ToSlice())
			}
		}
	}
}

// Emitted lists what goflow's packages have emitted so far, sorted: "goflow.limiter.decisions" for a
// metric or an event, "goflow.limiter.wait" for a span's family and verb, and each of these followed
// by "{key}" for every attribute key it had. Metrics are those of this and earlier collections.
func (r *Recorder) Emitted() []string {
	r.t.Helper()
	r.Collect()
	r.mu.Lock()
	seen := maps.Clone(r.seen)
	r.mu.Unlock()
	for _, s := range r.Spans() {
		if d := family(s.Name(), s.Attributes()); d != nil && ours(s.InstrumentationScope().Name) {
			verb, _, _ := strings.Cut(s.Name(), " ")
			add(seen, d.ID+"."+verb, s.Attributes())
		}
	}
	for _, e := range r.Logs() {
		if ours(e.InstrumentationScope().Name) {
			add(seen, e.EventName(), attributesOf(&e))
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func add(seen map[string]bool, name string, attrs []attribute.KeyValue) {
	seen[name] = true
	for _, kv := range attrs {
		seen[name+"{"+string(kv.Key)+"}"] = true
	}
}

// RequireEmitted checks that everything flowconv declares under prefix ("goflow.limiter.") was
// emitted at least once, with every declared attribute: of a span's family, every verb, and every
// attribute with one of the verbs. Call it before engines close, while their gauges are there.
func (r *Recorder) RequireEmitted(prefix string) {
	r.t.Helper()
	emitted, declared := r.Emitted(), 0
	var missing []string
	require := func(names ...string) {
		if !strings.HasPrefix(names[0], prefix) {
			return
		}
		declared++
		if !slices.ContainsFunc(names, func(n string) bool { return slices.Contains(emitted, n) }) {
			missing = append(missing, strings.Join(names, " or "))
		}
	}
	for _, m := range flowconv.Metrics {
		requireAll(require, m.Name, m.Attributes)
	}
	for _, e := range flowconv.Events {
		requireAll(require, e.Name, e.Attributes)
	}
	for _, s := range flowconv.Spans {
		for _, verb := range s.Verbs {
			require(s.ID + "." + verb)
		}
		for _, key := range s.Attributes {
			require(withKey(s, key)...)
		}
	}
	if declared == 0 {
		r.t.Fatalf("telemetrytest: telemetry/registry.yaml declares nothing under %q", prefix)
	}
	if len(missing) > 0 {
		r.t.Fatalf("telemetrytest: declared in telemetry/registry.yaml but not emitted:\n  %s", strings.Join(missing, "\n  "))
	}
}

func requireAll(require func(...string), name string, keys []string) {
	require(name)
	for _, key := range keys {
		require(name + "{" + key + "}")
	}
}

// withKey lists the spans of a family with an attribute, one for each verb.
func withKey(s flowconv.Span, key string) []string {
	var names []string
	for _, verb := range s.Verbs {
		names = append(names, s.ID+"."+verb+"{"+key+"}")
	}
	return names
}
