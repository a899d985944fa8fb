//go:build !race

package integration

const (
	raceEnabled   = false
	raceAllowance = 0
)
