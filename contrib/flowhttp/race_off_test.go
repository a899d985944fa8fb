//go:build !race

package flowhttp_test

// idleConns is how many connections a server is to hold.
const idleConns = 10_000
