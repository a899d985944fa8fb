package spill

import (
	"errors"
	"slices"
)

// Report is what [Verify] and [Repair] found in a directory.
type Report struct {
	Segments      []SegmentReport // oldest first
	Records       int             // whole records that are not acknowledged
	Acked         int             // whole records that are, and whose segment is not freed yet
	Lost          int             // records that are damaged; of a segment's torn end, counted as one
	Cursor        uint64          // up to where records are acknowledged
	CursorDamaged bool            // the cursor cannot be read: all records will come again
}

// Damaged reports whether anything is.
func (r *Report) Damaged() bool {
	return r.CursorDamaged || slices.ContainsFunc(r.Segments, func(s SegmentReport) bool { return s.Damaged > 0 })
}

// SegmentReport is what was found in a segment.
type SegmentReport struct {
	Name    string // the file's
	Bytes   int64  // its size
	Records int    // whole records
	Lost    int    // records that are damaged
	Damaged int64  // bytes that are no records; zeros at the end, which are room made ahead, are not counted
	First   uint64 // the number of the first whole record
	Last    uint64 // the number of the last
}

// Verify reads a directory and changes nothing. It does not lock it: of a queue that is open, the end
// of the last segment may look damaged while it is being written. The error says what could not be
// read; damage is none.
func Verify(dir string) (Report, error) {
	d, err := openDirectory(dir)
	if err != nil {
		return Report{}, err
	}
	report, err := verify(d)
	return report, errors.Join(err, d.Close())
}

func verify(dir filesystem) (r Report, err error) {
	names, err := dir.List()
	if err != nil {
		return r, err
	}
	if r.Cursor, r.CursorDamaged, err = readCursor(dir); err != nil {
		return r, err
	}
	var scan scanner
	for _, s := range parseNames(names) {
		_, found, err := readSegment(dir, s, &scan, r.Cursor)
		if err != nil {
			return r, err
		}
		r.Segments = append(r.Segments, found)
		r.Records += s.live
		r.Acked += found.Records - s.live
		r.Lost += found.Lost
	}
	return r, nil
}

// readSegment scans a file, and notes in s the records after the cursor.
func readSegment(dir filesystem, s *segment, scan *scanner, cursor uint64) (size int64, r SegmentReport, err error) {
	f, err := dir.Open(s.name)
	if err != nil {
		return 0, r, err
	}
	if size, err = f.Size(); err == nil {
		scan.reset(f, s.salt, size)
		r, err = scanSegment(s, scan, cursor)
		r.Bytes, s.unreadable = size, scan.unread > 0
	}
	return size, r, errors.Join(err, f.Close())
}

func scanSegment(s *segment, scan *scanner, cursor uint64) (SegmentReport, error) {
	r := SegmentReport{Name: s.name}
	for {
		before, last := scan.skipped, scan.last
		h, _, ok, err := scan.next()
		if scan.skipped > before { // how many numbers are missing tells how many records
			r.Lost += lostBetween(last, h.seq, ok)
		}
		if err != nil || !ok {
			r.Damaged = scan.skipped
			return r, err
		}
		if r.First == 0 {
			r.First = h.seq
		}
		r.Last = h.seq
		r.Records++
		if h.seq > cursor {
			s.add(h.seq, h.at)
		}
	}
}

// lostBetween is how many records were where damage is now.
func lostBetween(last, next uint64, ok bool) int {
	if !ok || last == 0 || next <= last+1 {
		return 1
	}
	return int(min(next-last-1, 1<<31))
}

// Repair makes a directory whole again: of each damaged segment it writes one with the whole records
// alone, and keeps the damaged one beside it, its name ending in ".corrupt"; a cursor that cannot be
// read is removed. A queue does not need it, it passes over damage by itself. It reports what it
// found, and fails with [ErrLocked] when a queue is open there.
func Repair(dir string) (Report, error) {
	d, err := openDirectory(dir)
	if err != nil {
		return Report{}, err
	}
	if err := d.Lock(); err != nil {
		return Report{}, errors.Join(err, d.Close())
	}
	r, err := repair(d)
	return r, errors.Join(err, d.Close())
}

func repair(dir filesystem) (Report, error) {
	r, err := verify(dir)
	if err != nil {
		return r, err
	}
	if r.CursorDamaged {
		err = dir.Remove(cursorName)
	}
	for _, s := range r.Segments {
		if s.Damaged > 0 && err == nil {
			err = rewrite(dir, s.Name)
		}
	}
	return r, errors.Join(err, dir.Sync())
}

// rewrite replaces a segment by one of its whole records. Should it be cut short between the two
// renames, both are there, and their records, which have the same numbers, come once.
func rewrite(dir filesystem, name string) error {
	s := parseName(name)
	f, err := dir.Open(name)
	if err != nil {
		return err
	}
	size, err := f.Size()
	var whole []byte
	to := newSegment(s.id, s.salt+1)
	for scan := (&scanner{src: f, salt: s.salt, limit: size}); err == nil; {
		var h header
		var payload []byte
		var ok bool
		if h, payload, ok, err = scan.next(); !ok {
			break
		}
		whole = appendFrame(whole, to.salt, h.seq, h.at, payload)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if len(whole) > 0 {
		if err := replace(dir, to.name, true, writing(whole)); err != nil {
			return err
		}
	}
	return dir.Rename(name, s.corruptName())
}
