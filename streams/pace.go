package streams

import (
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

// maxChunk is the longest a chunk may be.
const maxChunk = 1024

// The time a chunk should take, in ns. The length of chunks doubles below the one and halves above the
// other.
const (
	paceFast = int64(100 * time.Microsecond)
	paceSlow = int64(time.Millisecond)
)

// pace finds how long chunks may be where an item may take long: to come, or to be taken.
type pace struct {
	size  int
	began int64 // when the open chunk did
}

// begin opens the first chunk, of one item.
func (p *pace) begin() { p.size, p.began = 1, clock.Now() }

// begun says that the open chunk begins only now.
func (p *pace) begun() { p.began = clock.Now() }

// adapt opens the next chunk.
func (p *pace) adapt() {
	now := clock.Now()
	switch took := now - p.began; {
	case took < paceFast:
		p.size = min(2*p.size, maxChunk)
	case took > paceSlow:
		p.size = max(p.size/2, 1)
	}
	p.began = now
}
