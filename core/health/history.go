package health

import (
	"slices"
	"time"
)

// Run is one run of a check.
type Run struct {
	Time   time.Time     `json:"time"`            // when it ended, or its time was up
	Status Status        `json:"status"`          // its own outcome, whatever the thresholds make of it
	Took   time.Duration `json:"took_ns"`         // how long it took, at most the timeout
	Error  string        `json:"error,omitempty"` // why it was not up, at most 256 bytes
}

const (
	maxHistory = 32  // of a check's runs are kept
	maxChanges = 128 // of a registry's changes are kept
)

// History lists the last 32 runs of a check, the oldest first. There are none of a check that is not
// in the registry. A check that does not return counts as run once more with each interval.
func (r *Registry) History(group Group, name string) []Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.checks {
		if c.Group == group && c.Name == name {
			return append([]Run{}, c.history...)
		}
	}
	return []Run{}
}

// Changes lists the last 128 changes, the oldest first.
func (r *Registry) Changes() []Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Change{}, r.changes...)
}

// remember keeps a change; the caller holds r.mu.
func (r *Registry) remember(c Change) { r.changes = kept(r.changes, c, maxChanges) }

// kept adds to a list, whose first gives way when there are already most.
func kept[T any](list []T, last T, most int) []T {
	if len(list) == most {
		list = slices.Delete(list, 0, 1)
	}
	return append(list, last)
}
