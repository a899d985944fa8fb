// Package saturation measures how close the Go runtime is to its limits: how long goroutines that are
// ready wait for a processor, how many goroutines there are, and how much of the memory limit is used.
package saturation

import (
	"math"
	"runtime/metrics"
	"slices"
	"sync"
	"time"
)

// Sample is the state of the runtime.
type Sample struct {
	// SchedLatencyP99 is how long goroutines that were ready waited for a processor before they ran:
	// the 99th percentile of those that ran since the last sample, 0 when none did. The runtime times
	// one in eight, and the value is rounded up by at most a quarter.
	SchedLatencyP99 time.Duration
	// Goroutines is how many there are.
	Goroutines int
	// Memory is how many bytes count towards GOMEMLIMIT: all that the runtime has mapped and not
	// returned to the operating system.
	Memory int64
	// Live is how much of Memory a garbage collection would not free, as the last one found it: neither
	// free heap nor what has been allocated since. It is what is meant when a program lets its memory
	// grow up to the limit before it collects.
	Live int64
	// MemoryLimit is GOMEMLIMIT in bytes, or 0 when there is none.
	MemoryLimit int64
}

// MemoryShare is how much of the memory limit is used, 0 when there is none.
func (s Sample) MemoryShare() float64 {
	if s.MemoryLimit <= 0 {
		return 0
	}
	return float64(s.Memory) / float64(s.MemoryLimit)
}

// LiveShare is how much of the memory limit is used by what is live, 0 when there is none.
func (s Sample) LiveShare() float64 {
	if s.MemoryLimit <= 0 {
		return 0
	}
	return float64(s.Live) / float64(s.MemoryLimit)
}

// Sampler takes samples. Each user has its own, because a sample's latency is that since the last one.
// It is safe for concurrent use.
type Sampler struct {
	mu     sync.Mutex
	read   []metrics.Sample
	counts []uint64 // of the histogram of latencies, at the last sample
}

// The places of metrics in Sampler.read.
const (
	latencies = iota
	goroutines
	mapped
	released
	limit
	free
	objects
	live
)

// NewSampler makes a Sampler, whose first sample covers the time from now on.
func NewSampler() *Sampler {
	s := &Sampler{read: []metrics.Sample{
		latencies:  {Name: "/sched/latencies:seconds"},
		goroutines: {Name: "/sched/goroutines:goroutines"},
		mapped:     {Name: "/memory/classes/total:bytes"},
		released:   {Name: "/memory/classes/heap/released:bytes"},
		limit:      {Name: "/gc/gomemlimit:bytes"},
		free:       {Name: "/memory/classes/heap/free:bytes"},
		objects:    {Name: "/memory/classes/heap/objects:bytes"},
		live:       {Name: "/gc/heap/live:bytes"},
	}}
	s.Sample()
	return s
}

// Sample takes a sample. It costs about 5 µs and does not stop the world.
func (s *Sampler) Sample() Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	metrics.Read(s.read)
	h := s.read[latencies].Value.Float64Histogram()
	sample := Sample{
		SchedLatencyP99: quantile(0.99, h.Buckets, s.counts, h.Counts),
		Goroutines:      int(s.read[goroutines].Value.Uint64()),
		Memory:          s.bytes(mapped) - s.bytes(released),
	}
	sample.Live = sample.Memory - s.bytes(free) - max(s.bytes(objects)-s.bytes(live), 0)
	if most := s.read[limit].Value.Uint64(); most < math.MaxInt64 {
		sample.MemoryLimit = int64(most)
	}
	s.counts = append(s.counts[:0], h.Counts...)
	return sample
}

// bytes is the value of a metric.
func (s *Sampler) bytes(metric int) int64 { return int64(s.read[metric].Value.Uint64()) }

// quantile is the q-quantile of what a histogram counted between before and now: the upper bound of
// its bucket, or the lower one when that has none. Bounds are in seconds, one more than counts.
func quantile(q float64, bounds []float64, before, now []uint64) time.Duration {
	grown := slices.Clone(now)
	var total uint64
	for i := range grown {
		if i < len(before) {
			grown[i] -= before[i]
		}
		total += grown[i]
	}
	if total == 0 {
		return 0
	}
	rank := uint64(math.Ceil(q * float64(total)))
	var seen uint64
	i := slices.IndexFunc(grown, func(n uint64) bool { seen += n; return seen >= rank })
	bound := bounds[i+1]
	if math.IsInf(bound, 1) {
		bound = bounds[i]
	}
	return time.Duration(max(bound, 0) * float64(time.Second))
}
