// Package ctxkey holds keys of context values that more than one package answers.
package ctxkey

// Occurrence is the key of what core.OccurrenceOf gives.
type Occurrence struct{}
