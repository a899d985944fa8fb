package spill

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// segment is a file of records. Its fields, those of identity apart, are guarded by Queue.mu, and
// file and reserved belong to the holder of Queue.token.
type segment struct {
	id   uint64 // rises from segment to segment
	salt uint32
	name string

	size    int64 // with what is yet to be written
	written int64 // what may be read
	full    bool  // nothing is added any more
	closed  bool  // full, written, and its file closed

	first, last uint64 // numbers
	total       int    // records that were not acknowledged when the queue was opened
	live        int    // of these, those that are not acknowledged yet
	damaged     bool
	unreadable  bool // in part, at some time
	ages        ages

	file     file
	reserved int64 // room made ahead, up to this offset
}

const (
	segmentEnding = ".seg"
	corruptEnding = ".corrupt"
	tempEnding    = ".tmp"
)

func newSegment(id uint64, salt uint32) *segment {
	return &segment{id: id, salt: salt, name: fmt.Sprintf("%016x-%08x%s", id, salt, segmentEnding)}
}

// corruptName is what a damaged segment is called that is kept.
func (s *segment) corruptName() string {
	return strings.TrimSuffix(s.name, segmentEnding) + corruptEnding
}

// parseName gives the segment of a file, or nil when it is none.
func parseName(name string) *segment {
	var id uint64
	var salt uint32
	if n, err := fmt.Sscanf(name, "%16x-%8x.seg", &id, &salt); n != 2 || err != nil {
		return nil
	}
	if s := newSegment(id, salt); s.name == name {
		return s
	}
	return nil
}

// parseNames gives the segments among files, oldest first.
func parseNames(names []string) []*segment {
	var segs []*segment
	for _, name := range names {
		if s := parseName(name); s != nil {
			segs = append(segs, s)
		}
	}
	slices.SortFunc(segs, func(a, b *segment) int { return strings.Compare(a.name, b.name) })
	return segs
}

// add notes a record.
func (s *segment) add(seq uint64, at int64) {
	if s.first == 0 {
		s.first = seq
	}
	s.last = seq
	s.total++
	s.live++
	s.ages.add(seq, at)
}

// whole reports that all there will be of the segment can be read.
func (s *segment) whole() bool { return s.full && s.written == s.size }

// ages knows about when records were pushed: exact to a tenth of a second, and less so when a segment
// took longer than minutes to fill.
type ages struct {
	marks []mark
	step  int64
}

// mark says that the records from a number on were pushed from a time on.
type mark struct {
	seq uint64
	at  int64
}

const maxMarks = 1024

func (a *ages) add(seq uint64, at int64) {
	n := len(a.marks)
	if n > 0 && at-a.marks[n-1].at < a.step {
		return
	}
	if n == maxMarks {
		for i := range n / 2 {
			a.marks[i] = a.marks[2*i]
		}
		a.marks = a.marks[:n/2]
		a.step *= 2
	}
	a.step = max(a.step, int64(100*time.Millisecond))
	a.marks = append(a.marks, mark{seq, at})
}

// of tells when a record was pushed.
func (a *ages) of(seq uint64) (at int64, known bool) {
	i, _ := slices.BinarySearchFunc(a.marks, seq+1, func(m mark, seq uint64) int {
		if m.seq < seq {
			return -1
		}
		return 1
	})
	if len(a.marks) == 0 {
		return 0, false
	}
	return a.marks[max(i-1, 0)].at, true
}
