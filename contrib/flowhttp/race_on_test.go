//go:build race

package flowhttp_test

// idleConns is how many connections a server is to hold: the race detector bears 8,128 goroutines.
const idleConns = 2000
