//go:build !race

package flowredis_test

// raceEnabled says that everything takes ten times as long.
const raceEnabled = false
