// Dashgen writes the dashboards of deploy/grafana/dashboards from the descriptions in deploy/grafana/source. Run it
// through `make generate`; with -check it writes nothing and fails when a committed file is not what it would write.
//
// A description names metrics and attributes as the registries do, telemetry/registry.yaml and, for what others
// emit, deploy/foreign.yaml. What they do not declare is an error. A panel says what to show of a metric:
//
//   - rate: a counter, or the count of a histogram, per second;
//   - share: of a counter, or the count of a histogram, the part that "where" picks;
//   - level: a gauge as it is, with the metric that limits it;
//   - quantiles: the median, the 95th and the 99th percentile of a histogram, with exemplars;
//   - timeline: which state is the current one, of a metric that is 1 for it and 0 for the others;
//   - top: the ten highest rates;
//   - number: one number, the sum of all.
//
// An additive metric is summed over instances. Of a gauge, the highest of all instances is shown.
package main
