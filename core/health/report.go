package health

import "time"

// Report is the answer to a probe. It is a copy: nothing changes it later.
type Report struct {
	Name   string   `json:"name"`   // the registry's
	Group  Group    `json:"group"`  // which probe
	Status Status   `json:"status"` // Up or Down, never another
	State  State    `json:"state"`  // of the process
	Checks []Result `json:"checks"` // of the group, in the order they were added

	Degraded int `json:"degraded,omitempty"` // how many of the checks are
}

// Result is what is known about one check.
type Result struct {
	Name    string        `json:"name"`
	Status  Status        `json:"status"`
	Error   string        `json:"error,omitempty"`   // why the last run was not up, or why the check is not, at most 256 bytes
	Since   time.Time     `json:"since,omitzero"`    // when it became so
	Checked time.Time     `json:"checked,omitzero"`  // when it was last found so
	Took    time.Duration `json:"took_ns,omitempty"` // how long the last run took, at most the timeout

	Failures int `json:"failures,omitempty"` // how many of the latest runs failed in a row
}

// Change is one change of a check's status, or of the state of the process.
type Change struct {
	Time  time.Time `json:"time"`
	Group Group     `json:"group"`           // of the check; meaningless without one
	Check string    `json:"check,omitempty"` // the check's name; empty when the state changed
	From  string    `json:"from"`            // the status or state before
	To    string    `json:"to"`              // and after
	Error string    `json:"error,omitempty"` // why the check is not up
}

// Report answers a probe from the cached results. It never runs a check and never waits for one.
func (r *Registry) Report(group Group) Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	report := Report{Name: r.name, Group: group, State: r.state, Status: Up, Checks: []Result{}}
	if group != Liveness && r.state == Starting || group == Readiness && r.state != Ready {
		report.Status = Down
	}
	for _, c := range r.checks {
		if c.Group != group {
			continue
		}
		report.Checks = append(report.Checks, c.result)
		if c.result.Status == Down || c.result.Status == Pending && group != Liveness {
			report.Status = Down
		}
		if c.result.Status == Degraded {
			report.Degraded++
		}
	}
	return report
}
