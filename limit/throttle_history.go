package limit

// historySize is how many steps the window of a Throttle moves in.
const historySize = 1200

// throttled are counts since a Throttle was made.
type throttled struct{ requests, accepts int64 }

// throttleHistory is what the counts were at the end of each step of the window. It has one writer.
type throttleHistory struct {
	at   int64 // when the newest step began
	n    int64 // its number
	ends [historySize]throttled
}

// advance notes the counts at now, and gives those from a window ago.
//
// What was counted since the last call is known only now, so it counts as having come in the newest of
// the steps that have passed.
func (h *throttleHistory) advance(now, step int64, t throttled) throttled {
	passed := (now - h.at) / step
	for range min(passed, historySize) {
		h.ends[h.n%historySize] = h.ends[(h.n+historySize-1)%historySize]
		h.n++
	}
	h.at += passed * step
	h.ends[(h.n+historySize-1)%historySize] = t
	return h.ends[h.n%historySize]
}
