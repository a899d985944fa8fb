// Package stripe counts without contention: a counter spread over cache lines.
package stripe

import (
	"sync/atomic"
	"unsafe"
)

// A counter has one cell for each value of index.
const (
	bits  = 4
	cells = 1 << bits
)

// Counter is a write-mostly counter. Add touches a line that few other goroutines touch; Load sums
// the lines. The zero value is ready to use.
type Counter struct {
	cell [cells]struct {
		n atomic.Int64
		_ [120]byte // two lines a cell: the prefetcher fetches them in pairs
	}
}

// Add adds n.
func (c *Counter) Add(n int64) { c.cell[index()%cells].n.Add(n) }

// Load gives the sum. Adds that run at the same time may or may not be in it.
func (c *Counter) Load() (n int64) {
	for i := range c.cell {
		n += c.cell[i].n.Load()
	}
	return n
}

// index spreads goroutines by the address of their stacks: free, and stable while a goroutine's
// stack stays where it is. Only the number is used, never the pointer.
func index() uintptr {
	var here byte
	return uintptr(unsafe.Pointer(&here)) >> 10 * 0x9E3779B97F4A7C15 >> (64 - bits)
}
