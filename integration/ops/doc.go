// Package ops holds the tests of what deploy has for Prometheus and Grafana: real Prometheus scrapes gateways and one
// of each engine, and is asked every expression of the dashboards and alerts. It has no code of its own.
package ops
