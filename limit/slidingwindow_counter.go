package limit

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

// windowCounter counts the permits of the current window of the clock and remembers the count of the
// one before.
//
// The count shares a word with a version. Whoever changes anything else (1) swaps frozen into the
// word, so that no count changes any more, (2) writes the rest, (3) stores the count with the next
// version. An operation reads the word first and the rest second, and counts by a compare-and-swap of
// the word. If that succeeds, what it read was in force all the time: a change would have left another
// version. (The version comes round after 2^32 changes: an operation would have to be halted for
// the 49 days these take in windows of 1 ms.) Who does not swap reads the word once more.
//
// A clock reading of before the current window counts as its beginning, where the window before weighs
// most: a reading that is too old can only deny.
type windowCounter struct {
	sliding bool   // the window before counts too
	made    int64  // when, on internal/clock
	epoch   uint64 // when, in nanoseconds since the Unix epoch

	mu     sync.Mutex // held by who changes what follows
	cfg    atomic.Pointer[WindowConfig]
	index  atomic.Int64 // of the current window, since the Unix epoch
	before atomic.Int64 // the count of the window before it

	_    [64]byte
	word atomic.Uint64 // version and count, 32 bits each
	_    [56]byte
}

// frozenCount is the count while the rest changes.
const frozenCount = math.MaxUint32

func newWindowCounter(cfg WindowConfig, sliding bool) *windowCounter {
	c := &windowCounter{sliding: sliding, made: clock.Now(), epoch: uint64(time.Now().UnixNano())}
	c.cfg.Store(&cfg)
	return c
}

// time gives an instant in nanoseconds since the Unix epoch.
func (c *windowCounter) time(now int64) uint64 { return c.epoch + uint64(max(now-c.made, 0)) }

// read reads the state at now into s, and rolls on to the window now is in.
func (c *windowCounter) read(now int64, s *windowState) {
	t := c.time(now)
	for {
		word, cfg, held := c.word.Load(), c.cfg.Load(), c.index.Load()
		if uint32(word) == frozenCount {
			runtime.Gosched()
			continue
		}
		s.word, s.count = word, int64(uint32(word))
		s.limit, s.window = int64(cfg.Limit), int64(cfg.Window)
		start := uint64(held) * uint64(cfg.Window)
		if t >= start && t-start >= uint64(cfg.Window) {
			c.roll(t)
			continue
		}
		s.elapsed = int64(t - start)
		if c.sliding {
			s.sliding, s.before = true, c.before.Load()
		}
		return
	}
}

// roll makes the window of t the current one, unless it is or has been.
func (c *windowCounter) roll(t uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rollLocked(t)
}

func (c *windowCounter) rollLocked(t uint64) {
	index, held := int64(t/uint64(c.cfg.Load().Window)), c.index.Load()
	if index <= held {
		return
	}
	word := c.word.Swap(frozenCount)
	before := int64(uint32(word))
	if index > held+1 {
		before = 0 // no one was in the window before
	}
	c.before.Store(before)
	c.index.Store(index)
	c.word.Store(version(word, 0))
}

// version gives the word of a count after a change.
func version(word uint64, count int64) uint64 { return (word>>32+1)<<32 | uint64(count) }

// take takes n permits, or none, and leaves in s how it stands then.
func (c *windowCounter) take(now int64, n int, s *windowState) bool {
	for {
		c.read(now, s)
		if n <= 0 || int64(n) > s.limit-s.used() {
			if c.word.Load() == s.word {
				return false
			}
			continue
		}
		if c.word.CompareAndSwap(s.word, s.word+uint64(n)) {
			s.count += int64(n)
			return true
		}
	}
}

func (c *windowCounter) allow(now int64, n int) bool {
	var s windowState
	return c.take(now, n, &s)
}

func (c *windowCounter) decide(now int64, n int) Decision {
	var s windowState
	ok := c.take(now, n, &s)
	return s.decision(int64(n), ok)
}

func (c *windowCounter) look(now int64) (WindowConfig, int) {
	var s windowState
	for {
		if c.read(now, &s); c.word.Load() == s.word {
			return WindowConfig{int(s.limit), time.Duration(s.window)}, int(s.used())
		}
	}
}

// change keeps the counts when the windows stay. Other windows begin with what is in use.
func (c *windowCounter) change(now func() int64, to func(WindowConfig) (WindowConfig, error)) (WindowConfig, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := *c.cfg.Load()
	cfg, err := to(old)
	if err != nil {
		return old, err
	}
	t := c.time(now())
	c.rollLocked(t)
	word := c.word.Swap(frozenCount)
	count := int64(uint32(word))
	if cfg.Window != old.Window {
		start := uint64(c.index.Load()) * uint64(old.Window)
		t = max(t, start)
		s := windowState{window: int64(old.Window), elapsed: int64(t - start), count: count}
		if c.sliding {
			s.before = c.before.Load()
		}
		count = min(s.used(), math.MaxInt32)
		c.before.Store(0)
		c.index.Store(int64(t / uint64(cfg.Window)))
	}
	c.cfg.Store(&cfg)
	c.word.Store(version(word, count))
	return cfg, nil
}
