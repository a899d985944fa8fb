package console

import (
	"encoding/binary"
	"iter"
	"sync"
)

// ring keeps the latest records, in bytes, oldest out.
//
// Records stand one after the other in chunks of one size. A chunk is only ever appended to, and is let
// go as a whole when the ring is full: so what is kept has no pointers for the collector to follow, its
// size is known to the byte, and a reader takes no lock for longer than it takes to copy the list of
// chunks. What a reader holds on to stays as it was.
type ring struct {
	chunkSize int
	maxChunks int
	forever   bool // refuse what is new rather than let go of what is old

	mu     sync.Mutex
	chunks []chunk // oldest first; the last one is being filled
	count  int
	bytes  int
}

// chunk is a run of records, each behind its length.
type chunk struct {
	data  []byte // its capacity never changes
	count int
	first int64 // when its first record came, in Unix nanoseconds
}

const (
	lengthBytes  = 4
	maxChunkSize = 256 << 10
	minChunkSize = 64 << 10
	maxRecord    = minChunkSize - lengthBytes
)

// newRing makes a ring of at most maxBytes, which is at least 1 MiB.
func newRing(maxBytes int) *ring {
	size := min(max(maxBytes/64, minChunkSize), maxChunkSize)
	return &ring{chunkSize: size, maxChunks: maxBytes / size}
}

// add appends a record of at most maxRecord bytes, which came at an instant. It reports whether there
// was room, which there always is unless the ring is forever.
func (r *ring) add(record []byte, at int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	need := lengthBytes + len(record)
	if last := len(r.chunks) - 1; last < 0 || len(r.chunks[last].data)+need > r.chunkSize {
		if !r.grow(at) {
			return false
		}
	}
	c := &r.chunks[len(r.chunks)-1]
	c.data = binary.LittleEndian.AppendUint32(c.data, uint32(len(record))) //nolint:gosec // a record is shorter than a chunk
	c.data = append(c.data, record...)
	c.count++
	r.count++
	r.bytes += need
	return true
}

// grow adds a chunk, in place of the oldest when there are enough; the caller holds r.mu.
func (r *ring) grow(at int64) bool {
	if len(r.chunks) == r.maxChunks {
		if r.forever {
			return false
		}
		r.count -= r.chunks[0].count
		r.bytes -= len(r.chunks[0].data)
		copy(r.chunks, r.chunks[1:])
		r.chunks = r.chunks[:len(r.chunks)-1]
	}
	r.chunks = append(r.chunks, chunk{data: make([]byte, 0, r.chunkSize), first: at})
	return true
}

// ringStats is what there is in a ring.
type ringStats struct {
	count, bytes int
	oldest       int64 // 0 when it is empty
}

func (r *ring) stats() ringStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := ringStats{count: r.count, bytes: r.bytes}
	if len(r.chunks) > 0 {
		s.oldest = r.chunks[0].first
	}
	return s
}

// view is what was in a ring at one instant. It does not change.
type view []chunk

func (r *ring) view() view {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(view{}, r.chunks...)
}

// newest gives the records, the latest first. They must not be changed.
func (v view) newest() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var records [][]byte
		for i := len(v) - 1; i >= 0; i-- {
			records = v[i].records(records[:0])
			for j := len(records) - 1; j >= 0; j-- {
				if !yield(records[j]) {
					return
				}
			}
		}
	}
}

// records appends the chunk's records to list, in the order they came.
func (c chunk) records(list [][]byte) [][]byte {
	for rest := c.data; len(rest) > 0; {
		end := lengthBytes + int(binary.LittleEndian.Uint32(rest))
		list = append(list, rest[lengthBytes:end:end])
		rest = rest[end:]
	}
	return list
}
