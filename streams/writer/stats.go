package writer

import (
	"fmt"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Amount is a number of writes and of the bytes in them. Bytes may stand without their write, when the sink
// stopped in the midst of it: a write is written when all of it is.
type Amount struct{ Writes, Bytes int64 }

// String reads `3 writes (300 bytes)`.
func (a Amount) String() string {
	writes := "writes"
	if a.Writes == 1 {
		writes = "write"
	}
	return fmt.Sprintf("%d %s (%d bytes)", a.Writes, writes, a.Bytes)
}

func (a Amount) plus(b Amount) Amount  { return Amount{a.Writes + b.Writes, a.Bytes + b.Bytes} }
func (a Amount) minus(b Amount) Amount { return Amount{a.Writes - b.Writes, a.Bytes - b.Bytes} }

// Stats is what a [Writer] has counted since it was made, and what it holds. At any moment
// Accepted = Written + Dropped + Lost + Buffered + Spilled.
type Stats struct {
	Accepted Amount // of which Write returned no error; and what the queue held before
	Written  Amount // that the sink took
	Dropped  Amount // accepted, but made room
	Lost     Amount // accepted, but not taken by the sink
	Rejected Amount // not accepted

	Buffered Amount // in memory now
	Spilled  Amount // in the queue now; of those it held before, bytes count when they are read
	Capacity int    // bytes the buffers have room for
	Err      error  // the sink's, while it fails
}

// Stats reads the counters, all at one moment.
func (w *Writer) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := Stats{
		Accepted: w.accepted(), Written: w.written, Dropped: w.dropped, Lost: w.lost, Rejected: w.rejected,
		Spilled: w.spilled, Capacity: w.cfg.BufferBytes * w.cfg.Buffers, Err: w.failing,
	}
	s.Buffered = w.held().minus(w.spilled)
	return s
}

// accepted is what was sealed and what is in the open buffer. The caller holds mu.
func (w *Writer) accepted() Amount {
	s := w.state.Load()
	if s&offsetMask == none {
		return w.sealed
	}
	return w.sealed.plus(Amount{int64(countOf(s)), int64(s & offsetMask)})
}

// held is what was accepted and nothing has become of yet. The caller holds mu.
func (w *Writer) held() Amount {
	return w.accepted().minus(w.written).minus(w.dropped).minus(w.lost)
}

// outcomes are in the order of points.
var outcomes = [...]string{
	flowconv.WriterOutcomeAccepted, flowconv.WriterOutcomeWritten, flowconv.WriterOutcomeDropped,
	flowconv.WriterOutcomeLost, flowconv.WriterOutcomeRejected,
}

// points are the metrics of a writer.
type points struct {
	writes, bytes   [len(outcomes)]telemetry.Point
	usage, capacity telemetry.Point
}

func (i *instrument) newPoints() (p points) {
	name := flowconv.WriterNameKey.String(i.name)
	for k, outcome := range outcomes {
		p.writes[k] = telemetry.NewPoint(flowconv.WriterWrites, name, flowconv.WriterOutcomeKey.String(outcome))
		p.bytes[k] = telemetry.NewPoint(flowconv.WriterIo, name, flowconv.WriterOutcomeKey.String(outcome))
	}
	p.usage = telemetry.NewPoint(flowconv.WriterBufferUsage, name)
	p.capacity = telemetry.NewPoint(flowconv.WriterBufferCapacity, name)
	return p
}

// reading is how a writer is read at collection, kept off its method set.
type reading Writer

func (r *reading) Observe(o *telemetry.Observer) {
	s, m := (*Writer)(r).Stats(), &r.inst.metrics
	for k, a := range [len(outcomes)]Amount{s.Accepted, s.Written, s.Dropped, s.Lost, s.Rejected} {
		o.Observe(&m.writes[k], a.Writes)
		o.Observe(&m.bytes[k], a.Bytes)
	}
	o.Observe(&m.usage, s.Buffered.Bytes)
	o.Observe(&m.capacity, int64(s.Capacity))
}
