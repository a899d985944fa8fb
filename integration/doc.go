// Package integration holds the tests that need several processes, real servers or faults. It has no
// code of its own.
package integration
