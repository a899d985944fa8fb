package flowredis

import (
	"fmt"

	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Mode says who decides.
type Mode uint8

const (
	// Coordinated is when Redis decides.
	Coordinated Mode = iota
	// Degraded is when Redis cannot be asked, and a limiter's [Fallback] decides.
	Degraded
)

// String gives the mode as telemetry spells it.
func (m Mode) String() string {
	switch m {
	case Coordinated:
		return flowconv.CoordinationModeCoordinated
	case Degraded:
		return flowconv.CoordinationModeDegraded
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// Fallback is what decides when Redis cannot be asked. It reads from and prints as text ("local",
// "closed", "open"), so a config may hold one.
type Fallback uint8

const (
	// FallbackLocal lets this process decide alone, with its share: rate and burst divided by the
	// instances counted last, a burst of 1 at the least. A request for more permits than the share's
	// burst is denied. It is the default.
	FallbackLocal Fallback = iota
	// FailClosed gives an [*UnavailableError].
	FailClosed
	// FailOpen allows everything.
	FailOpen
)

// String gives the fallback as configs and telemetry spell it.
func (f Fallback) String() string {
	switch f {
	case FallbackLocal:
		return flowconv.CoordinationFallbackLocal
	case FailClosed:
		return flowconv.CoordinationFallbackClosed
	case FailOpen:
		return flowconv.CoordinationFallbackOpen
	}
	return fmt.Sprintf("Fallback(%d)", uint8(f))
}

// MarshalText gives String.
func (f Fallback) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what String gives.
func (f *Fallback) UnmarshalText(text []byte) error {
	for known := range FailOpen + 1 {
		if string(text) == known.String() {
			*f = known
			return nil
		}
	}
	return fmt.Errorf("flowredis: fallback %.20q: want local, closed or open", text)
}
