package side

import (
	"runtime"
	"slices"
	"time"
)

// Heap measures the bytes alive, and how long a full collection takes: the median of five.
func Heap() (alive float64, collection time.Duration) {
	var took []time.Duration
	runtime.GC()
	for range 5 {
		begin := time.Now()
		runtime.GC()
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc), took[len(took)/2]
}
