package faults

import (
	"testing"
	"time"
)

func TestOverCountsWhatNoStretchOfTimeExcuses(t *testing.T) {
	t.Parallel()
	at := func(times ...int) (given []sample) {
		for _, ms := range times {
			given = append(given, sample{time.Duration(ms) * time.Millisecond, time.Duration(ms) * time.Millisecond, true})
		}
		return given
	}
	for _, c := range []struct {
		name  string
		given []sample
		want  int
	}{
		{"nothing", nil, 0},
		{"a burst", at(0, 0, 0), 0},
		{"a burst and what time gave", at(0, 0, 0, 100, 200), 0},
		{"one more", at(0, 0, 0, 0, 100), 1},
		{"a second burst, late", at(0, 0, 0, 1000, 1000, 1000, 1000, 1000), 2},
		{"perhaps later", append(at(0, 0, 0), sample{0, 100 * time.Millisecond, true}), 0},
	} {
		if got := over(c.given, 10, 3); got != c.want {
			t.Errorf("%s: got %d over, want %d", c.name, got, c.want)
		}
	}
}
