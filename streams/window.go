package streams

import (
	"context"
	"slices"
	"time"
)

// Window is what was folded of the items whose time is from Start on and before End.
type Window[A any] struct {
	Start, End time.Time
	Count      int // how many items
	Value      A   // what they were folded into
}

// WindowConfig says which windows [Windows] makes.
type WindowConfig[T any] struct {
	// Time tells when an item happened. Required.
	Time func(item T) time.Time
	// Size is how long a window is. Required.
	Size time.Duration
	// Slide is how long after one window the next begins. Defaults to Size: windows do not overlap.
	Slide time.Duration
	// Lateness is how much later than newer items an item may come. Defaults to 0.
	Lateness time.Duration
	// MaxOpen is how many windows may be open; more end the run with a [*FullError]. Defaults to 1024.
	MaxOpen int
	// OnLate is shown each item that comes after its windows were handed on. Such items are counted
	// as late. Defaults to nil.
	OnLate func(item T)
}

const defaultWindows = 1024

// Windows folds the items of each window of time, the items' own: with open it begins one, with add
// it adds an item. Windows are aligned to the zero time. One is handed on when an item comes that
// happened Lateness after its end, in the order of their ends, and all at the end of the stream: as
// long as nothing comes, nothing is handed on. So an item from the future makes those after it late.
func Windows[T, A any](s Stream[T], cfg WindowConfig[T], open func() A, add func(acc A, item T) A) Stream[Window[A]] {
	if cfg.Slide == 0 {
		cfg.Slide = cfg.Size
	}
	if cfg.MaxOpen == 0 {
		cfg.MaxOpen = defaultWindows
	}
	s = s.require(cfg.Time != nil, "Time", "nil", "must be set")
	s = s.require(cfg.Size > 0, "Size", cfg.Size, "must be above 0")
	s = s.require(cfg.Slide >= 0 && cfg.Slide <= cfg.Size, "Slide", cfg.Slide, "must be above 0 and at most Size")
	s = s.require(cfg.Lateness >= 0, "Lateness", cfg.Lateness, "must not be negative")
	s = s.require(cfg.MaxOpen > 0, "MaxOpen", cfg.MaxOpen, "must be above 0")
	return windowed(s, "windows", func() *windower[T, A] {
		w := &windower[T, A]{time: cfg.Time, lateness: cfg.Lateness, max: cfg.MaxOpen, onLate: cfg.OnLate}
		w.place = func(item T, at time.Time) bool { return w.tumble(item, at, cfg.Size, cfg.Slide, open, add) }
		return w
	})
}

// SessionConfig says which windows [Sessions] makes.
type SessionConfig[T any] struct {
	// Time tells when an item happened. Required.
	Time func(item T) time.Time
	// Gap is for how long nothing happens between two sessions. Required.
	Gap time.Duration
	// Lateness, MaxOpen and OnLate are those of [WindowConfig].
	Lateness time.Duration
	MaxOpen  int          // see Lateness
	OnLate   func(item T) // see Lateness
}

// Sessions is [Windows] whose windows begin with an item and end a gap after the last. An item that
// comes late may join two: merge makes one value of theirs.
func Sessions[T, A any](s Stream[T], cfg SessionConfig[T], open func() A, add func(acc A, item T) A, merge func(a, b A) A) Stream[Window[A]] {
	if cfg.MaxOpen == 0 {
		cfg.MaxOpen = defaultWindows
	}
	s = s.require(cfg.Time != nil, "Time", "nil", "must be set")
	s = s.require(cfg.Gap > 0, "Gap", cfg.Gap, "must be above 0")
	s = s.require(cfg.Lateness >= 0, "Lateness", cfg.Lateness, "must not be negative")
	s = s.require(cfg.MaxOpen > 0, "MaxOpen", cfg.MaxOpen, "must be above 0")
	return windowed(s, "sessions", func() *windower[T, A] {
		w := &windower[T, A]{time: cfg.Time, lateness: cfg.Lateness, max: cfg.MaxOpen, onLate: cfg.OnLate}
		w.place = func(item T, at time.Time) bool { return w.join(item, at, cfg.Gap, open, add, merge) }
		return w
	})
}

// windower holds the open windows of a run.
type windower[T, A any] struct {
	time     func(T) time.Time
	place    func(item T, at time.Time) bool // adds an item to its windows; false when all are over
	lateness time.Duration
	max      int
	onLate   func(T)

	open    []opened[A] // by end
	mark    time.Time   // the watermark: windows that end by then are over
	out     []Window[A] // to be handed on
	late    int64       // of the chunk in hand
	held    *holder     // of the goroutine
	outHeld *hold       // for out
}

// opened is a window that items may still come to.
type opened[A any] struct {
	Window[A]
	held *hold // for its items
}

func windowed[T, A any](s Stream[T], operator string, start func() *windower[T, A]) Stream[Window[A]] {
	name := s.stage(operator)
	return derive(s, name, func(ctx context.Context, r *run, emit func([]Window[A]) error) error {
		st, w := r.stage(name), start()
		w.held = r.held
		above := r.scaled(func(int) int { return 1 }) // an item may end all that are wanted
		err := s.feed(ctx, above, func(in []T) error {
			bad := w.add(in)
			st.late.Add(w.late)
			w.late = 0
			st.mark.Store(unixNano(w.mark))
			return w.flush(ctx, r, st, bad, emit)
		})
		if err != nil {
			return err
		}
		w.over(len(w.open))
		return w.flush(ctx, r, st, nil, emit)
	})
}

// unixNano is a time in ns since 1970; 0 for one before.
func unixNano(t time.Time) int64 {
	if t.Unix() < 0 {
		return 0
	}
	return t.UnixNano()
}

// flush hands on the windows that are over, and then fails if the step did.
func (w *windower[T, A]) flush(ctx context.Context, r *run, st *stage, bad error, emit func([]Window[A]) error) error {
	held := w.outHeld
	w.outHeld = nil
	err := under(r.held, held, w.out, func(out []Window[A]) error { return pieces(ctx, r, st, out, emit) })
	w.out = w.out[:0]
	if err != nil && bad != nil {
		r.held.spoil()
	}
	if err == nil && bad != nil {
		st.failed.Add(1)
		return st.fail(bad)
	}
	return err
}

// add adds the items of a chunk, each before the next moves the watermark.
func (w *windower[T, A]) add(in []T) (err error) {
	defer caught(&err)
	for _, v := range in {
		at := w.time(v)
		if !w.place(v, at) {
			w.late++
			if w.onLate != nil {
				w.onLate(v)
			}
		}
		if len(w.open) > w.max {
			return &FullError{Capacity: w.max}
		}
		if mark := at.Add(-w.lateness); mark.After(w.mark) {
			w.mark = mark
			w.close()
		}
	}
	return nil
}

// close puts aside the windows that are over.
func (w *windower[T, A]) close() {
	n := 0
	for n < len(w.open) && !w.open[n].End.After(w.mark) {
		n++
	}
	w.over(n)
}

// over puts the first n windows aside.
func (w *windower[T, A]) over(n int) {
	for _, o := range w.open[:n] {
		w.out = append(w.out, o.Window)
		w.outHeld = w.outHeld.gather(o.held)
		o.held.drop()
	}
	w.open = slices.Delete(w.open, 0, n)
}

// tumble adds an item to the windows of a size that begin every slide.
func (w *windower[T, A]) tumble(item T, at time.Time, size, slide time.Duration, open func() A, add func(A, T) A) (placed bool) {
	for start := at.Truncate(slide); start.Add(size).After(at); start = start.Add(-slide) {
		end := start.Add(size)
		if !end.After(w.mark) {
			break // and so are the earlier ones
		}
		placed = true
		i, found := slices.BinarySearchFunc(w.open, end, func(o opened[A], end time.Time) int { return o.End.Compare(end) })
		if !found {
			w.open = slices.Insert(w.open, i, opened[A]{Window: Window[A]{Start: start, End: end, Value: open()}})
		}
		w.open[i].Value = add(w.open[i].Value, item)
		w.open[i].Count++
		w.open[i].held = w.open[i].held.gather(w.held.now)
	}
	return placed
}

// join adds an item to the sessions it is within a gap of, which become one, or begins one.
func (w *windower[T, A]) join(item T, at time.Time, gap time.Duration, open func() A, add func(A, T) A, merge func(a, b A) A) bool {
	end := at.Add(gap)
	touches := func(o opened[A]) bool { return at.Before(o.End) && end.After(o.Start) }
	i := slices.IndexFunc(w.open, touches)
	if i < 0 {
		if !end.After(w.mark) {
			return false
		}
		i = w.after(end)
		w.open = slices.Insert(w.open, i, opened[A]{Window: Window[A]{Start: at, End: end, Value: open()}})
	}
	o := w.open[i]
	if i+1 < len(w.open) && touches(w.open[i+1]) {
		next := w.open[i+1]
		o.Value, o.Count, o.End = merge(o.Value, next.Value), o.Count+next.Count, next.End
		o.held = o.held.gather(next.held)
		next.held.drop()
		w.open = slices.Delete(w.open, i+1, i+2)
	}
	if at.Before(o.Start) {
		o.Start = at
	}
	if end.After(o.End) {
		o.End = end
	}
	o.Value = add(o.Value, item)
	o.Count++
	o.held = o.held.gather(w.held.now)
	w.open[i] = o
	return true
}

// after is where a session that ends then belongs.
func (w *windower[T, A]) after(end time.Time) int {
	i, _ := slices.BinarySearchFunc(w.open, end, func(o opened[A], end time.Time) int { return o.End.Compare(end) })
	return i
}
