package lease

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

// Memory is a [Store] in this process: the embedded default, and what tests use. Make it with
// [NewMemory]. All Lockers that are to keep out of each other's way share one. It is safe for concurrent
// use, never blocks, and starts no goroutine.
//
// Tokens rise over all keys together, so a key whose time is over is forgotten entirely: Memory is
// as large as what is held or marked as done, give or take a factor of two.
type Memory struct {
	mu      sync.Mutex
	keys    map[string]entry
	token   uint64 // the last one given
	sweepAt int    // with so many keys, those whose time is over are forgotten
	watches map[string][]*watch
}

// entry is a key that is held, or done.
type entry struct {
	owner string // empty when done
	until int64
}

// watch is one who waits for a key, in the order of arrival.
type watch struct{ freed chan struct{} }

// minSweep is the number of keys below which none are looked for to forget.
const minSweep = 64

// NewMemory makes an empty Memory.
func NewMemory() *Memory {
	return &Memory{keys: make(map[string]entry), watches: make(map[string][]*watch), sweepAt: minSweep}
}

// Acquire gives key to owner for ttl if it is free. It fails only when ctx has ended.
func (m *Memory) Acquire(ctx context.Context, key, owner string, ttl time.Duration) (Grant, error) {
	if err := ctx.Err(); err != nil {
		return Grant{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := clock.Now()
	if e, ok := m.live(key, now); ok && e.owner != owner {
		g := Grant{State: Held, Remaining: time.Duration(e.until - now)}
		if e.owner == "" {
			g.State = Done
		}
		return g, nil
	}
	m.sweep(now)
	m.token++
	m.keys[key] = entry{owner: owner, until: now + int64(ttl)}
	return Grant{State: Granted, Token: m.token}, nil
}

// Extend lets owner hold key for ttl from now. It fails only when ctx has ended.
func (m *Memory) Extend(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	return m.replace(ctx, key, owner, func(now int64) {
		m.keys[key] = entry{owner: owner, until: now + int64(ttl)}
	})
}

// Release frees key, or marks it as done. It fails only when ctx has ended.
func (m *Memory) Release(ctx context.Context, key, owner string, keep time.Duration) (bool, error) {
	return m.replace(ctx, key, owner, func(now int64) {
		if keep > 0 {
			m.keys[key] = entry{until: now + int64(keep)}
			m.tell(key, len(m.watches[key])) // there is nothing to wait for any more
			return
		}
		delete(m.keys, key)
		m.tell(key, 1)
	})
}

// replace does what is to be done with a key, if owner holds it.
func (m *Memory) replace(ctx context.Context, key, owner string, do func(now int64)) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := clock.Now()
	e, ok := m.live(key, now)
	if !ok || e.owner != owner {
		return false, nil
	}
	do(now)
	return true, nil
}

// live gives the entry of a key that is held or done. The caller holds mu, as with all below.
func (m *Memory) live(key string, now int64) (entry, bool) {
	e, ok := m.keys[key]
	return e, ok && now < e.until
}

// sweep forgets the keys whose time is over, once there are twice as many keys as it left last time.
func (m *Memory) sweep(now int64) {
	if len(m.keys) < m.sweepAt {
		return
	}
	for key, e := range m.keys {
		if now >= e.until {
			delete(m.keys, key)
		}
	}
	m.sweepAt = max(minSweep, 2*len(m.keys))
}

// tell wakes the first n who watch key.
func (m *Memory) tell(key string, n int) {
	line := m.watches[key]
	n = min(n, len(line))
	for _, w := range line[:n] {
		close(w.freed)
	}
	m.keep(key, line[n:])
}

// keep sets who watches key.
func (m *Memory) keep(key string, line []*watch) {
	if len(line) == 0 {
		delete(m.watches, key)
		return
	}
	m.watches[key] = line
}

// Watch returns a channel that is closed when key was released and it is the caller's turn.
func (m *Memory) Watch(key string) (freed <-chan struct{}, stop func()) {
	w := &watch{make(chan struct{})}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watches[key] = append(m.watches[key], w)
	return w.freed, func() { m.leave(key, w) }
}

// leave ends a watch. One who was told, and leaves the key free, passes that on.
func (m *Memory) leave(key string, w *watch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	line := m.watches[key]
	if i := slices.Index(line, w); i >= 0 {
		m.keep(key, slices.Delete(line, i, i+1))
		return
	}
	if _, taken := m.live(key, clock.Now()); !taken {
		m.tell(key, 1)
	}
}
