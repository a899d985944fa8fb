package flowadmin

import (
	"fmt"

	"github.com/goflow-go/goflow/streams/spill"
	"github.com/goflow-go/goflow/streams/writer"
)

// Writer makes an [Engine], of kind "writer", of a writer: what it holds, what it lost, and whether its
// sink fails. It has no actions: writer.Writer.Flush tells of losses since the Flush before, so one asked
// for here would hide them from the application.
func Writer(w *writer.Writer) Engine {
	return described("writer", w, func() []Field {
		s := w.Stats()
		fields := []Field{
			{"in memory", fmt.Sprintf("%v of %d bytes", s.Buffered, s.Capacity)},
			field("in its queue", s.Spilled), field("dropped", s.Dropped), field("lost", s.Lost),
		}
		if s.Err != nil {
			fields = append(fields, Field{"sink fails", clip(s.Err.Error())})
		}
		return fields
	})
}

// Spill makes an [Engine], of kind "spill", of a queue on disk: what it holds and what it lost. It has no
// actions: it looks after its files by itself.
func Spill(q *spill.Queue) Engine {
	return Engine{Kind: "spill", Name: q.Name(), State: func() []Field {
		s := q.Stats()
		return []Field{
			field("records", s.Records),
			{"size", fmt.Sprintf("%d of %d bytes in %d segments", s.Bytes, s.MaxBytes, s.Segments)},
			field("age of the oldest", s.OldestAge),
			field("dropped", s.Dropped), field("lost", s.Lost), field("failed syncs", s.SyncErrors),
		}
	}}
}
