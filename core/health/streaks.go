package health

// streaks counts the latest runs of a check that had something in common, up to the last one.
type streaks struct {
	up     int // were up
	works  int // were not down
	flawed int // were not up
	down   int // were down
}

func (s *streaks) add(outcome Status) {
	extend := func(n *int, goesOn bool) {
		*n++
		if !goesOn {
			*n = 0
		}
	}
	extend(&s.up, outcome == Up)
	extend(&s.works, outcome != Down)
	extend(&s.flawed, outcome != Up)
	extend(&s.down, outcome == Down)
}

// status is what becomes of a check's status: it gets worse when all of the last failures runs were,
// and better when all of the last successes runs were.
func (s *streaks) status(last Status, failures, successes int) Status {
	switch {
	case s.down >= failures:
		return Down
	case s.up >= successes:
		return Up
	case last == Up && s.flawed >= failures:
		return Degraded
	case (last == Down || last == Pending) && s.works >= successes:
		return Degraded
	}
	return last
}
