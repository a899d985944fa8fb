package health

// Group is which probe a check is for.
type Group uint8

// The groups. The zero Group is Readiness, the one most checks belong to.
const (
	Readiness Group = iota // may traffic be sent here?
	Liveness               // must the process be restarted? Process-local checks only
	Startup                // has it started? Checks run until they are up once
)

// String is the group's name: "readiness", "liveness", "startup".
func (g Group) String() string {
	return name(int(g), "readiness", "liveness", "startup")
}

// MarshalText gives the group's name.
func (g Group) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// State is where the process is in its life.
type State uint8

// The states, in the order they come.
const (
	Starting State = iota // not everything has started
	Ready                 // takes traffic, as far as the checks allow
	Draining              // finishes what it has and takes no more
	Stopped               // done; what the checks found is out of date
)

// String is the state's name: "starting", "ready", "draining", "stopped".
func (s State) String() string {
	return name(int(s), "starting", "ready", "draining", "stopped")
}

// MarshalText gives the state's name.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Status is the outcome of a check, or of a whole group.
type Status uint8

// The statuses. A group is up or down, never another.
const (
	Pending  Status = iota // has not run yet, or not often enough for its thresholds
	Up                     // works
	Down                   // does not work
	Degraded               // works, but worse than it should: fails no probe
)

// String is the status's name: "pending", "up", "down", "degraded".
func (s Status) String() string {
	return name(int(s), "pending", "up", "down", "degraded")
}

// works reports whether a check of this status lets a probe succeed.
func (s Status) works() bool { return s == Up || s == Degraded }

// MarshalText gives the status's name.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func name(i int, names ...string) string {
	if i < len(names) {
		return names[i]
	}
	return "unknown"
}
