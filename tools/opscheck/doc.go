// Package opscheck holds the tests of what operators read, as far as they need no server: dashboards, alerts,
// runbooks and documents name only metrics, labels and values that a registry declares, and each alert has a
// runbook and tests.
package opscheck
