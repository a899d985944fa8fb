package faultnet

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"time"
)

// Match tells whether the reply to a request is to be spoiled. It is asked once for each reply while a
// fault waits for one, one at a time, and must not call the relay. nil matches all.
type Match func(request []byte) bool

// Contains matches requests with a text, in upper or lower case.
func Contains(text string) Match {
	upper := bytes.ToUpper([]byte(text))
	return func(request []byte) bool { return bytes.Contains(bytes.ToUpper(request), upper) }
}

// fault waits for replies to spoil.
type fault struct {
	left  int
	match Match
	delay time.Duration // 0 to cut
}

// faults are the switches of a relay.
type faults struct {
	mu        sync.Mutex
	replies   []*fault
	delay     time.Duration
	jitter    time.Duration
	bandwidth int
	size      int // of slices
	stalled   bool
	gate      chan struct{} // closed unless stalled
}

func newFaults() *faults {
	f := &faults{gate: make(chan struct{})}
	close(f.gate)
	return f
}

// CutReplies closes the connection instead of the next n replies that match. The server has done the work,
// and the client does not know. The other connections stay.
func (r *Relay) CutReplies(n int, match Match) { r.faults.add(&fault{left: n, match: match}) }

// DelayReplies holds each of the next n replies that match back for d.
func (r *Relay) DelayReplies(n int, d time.Duration, match Match) {
	r.faults.add(&fault{left: n, match: match, delay: max(d, 1)})
}

// SetLatency makes each turn last longer by d, and by up to jitter more.
func (r *Relay) SetLatency(d, jitter time.Duration) {
	r.faults.set(func(f *faults) { f.delay, f.jitter = d, jitter })
}

// SetBandwidth lets so many bytes a second pass on each connection and each way, or any number when it is 0.
func (r *Relay) SetBandwidth(bytesPerSecond int) {
	r.faults.set(func(f *faults) { f.bandwidth = bytesPerSecond })
}

// SetSlices forwards n bytes at a time, a moment apart so that they arrive apart, or all that is there when n
// is 0.
func (r *Relay) SetSlices(n int) { r.faults.set(func(f *faults) { f.size = n }) }

// Stall forwards nothing more, and keeps all connections open: half-open connections, as after a cable was
// pulled. New connections open too, and get no answer.
func (r *Relay) Stall() {
	r.faults.set(func(f *faults) {
		if !f.stalled {
			f.stalled, f.gate = true, make(chan struct{})
		}
	})
}

// Resume forwards again after [Relay.Stall], first what was held back.
func (r *Relay) Resume() { r.faults.set((*faults).resume) }

// Heal turns all switches off. Replies that are being delayed stay so.
func (r *Relay) Heal() {
	r.tb.Helper()
	r.faults.set(func(f *faults) {
		f.resume()
		f.replies, f.delay, f.jitter, f.bandwidth, f.size = nil, 0, 0, 0, 0
	})
	r.Accept()
}

func (f *faults) set(change func(*faults)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *faults) add(one *fault) {
	f.set(func(f *faults) { f.replies = append(f.replies, one) })
}

func (f *faults) resume() {
	if f.stalled {
		f.stalled = false
		close(f.gate)
	}
}

// open is closed when the relay is not stalled, or no longer.
func (f *faults) open() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gate
}

// spoil tells what becomes of the reply to a request: the first fault that waits for such a one has it.
func (f *faults) spoil(request []byte) (cut bool, delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.replies {
		if one.left > 0 && (one.match == nil || one.match(request)) {
			one.left--
			return one.delay == 0, one.delay
		}
	}
	return false, 0
}

// latency is what a reply takes longer.
func (f *faults) latency() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.jitter <= 0 {
		return f.delay
	}
	return f.delay + rand.N(f.jitter)
}

const (
	perSecond = 20                     // how often a slow connection forwards something
	sliceGap  = 100 * time.Microsecond // between slices
)

// slice is how much of n bytes to forward at a time, and how long that takes.
func (f *faults) slice(n int) (size int, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	size = n
	if f.size > 0 {
		size, took = min(size, f.size), sliceGap
	}
	if f.bandwidth <= 0 {
		return size, took
	}
	size = min(size, max(1, f.bandwidth/perSecond))
	return size, time.Duration(size) * time.Second / time.Duration(f.bandwidth)
}
