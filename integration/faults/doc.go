// Package faults holds the fault matrix: limiters that decide in Redis, under load, while one thing goes
// wrong. It has no code of its own.
//
// Every row starts real servers, asks 2,000 times a second, breaks one thing and checks what is promised.
// `go test` runs the rows that are short, at a lower pace. GOFLOW_FAULTS=1 runs all in full length, and
// GOFLOW_FAULTS=R3,R4 those rows; GOFLOW_FAULTS_SEED repeats a run's choices, and GOFLOW_FAULTS_REPORT
// names the file whose table gets the results. `make faults` sets them.
package faults
