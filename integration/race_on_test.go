//go:build race

package integration

import "time"

const (
	raceEnabled = true
	// raceAllowance is what the race detector, and a machine busy with it, adds to a time.
	raceAllowance = 4 * time.Second
)
