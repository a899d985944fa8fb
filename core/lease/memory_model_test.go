package lease_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core/lease"
)

// model is one key of a store: slow, obvious, and right.
type model struct {
	owner   string // empty when done
	until   time.Time
	highest uint64
}

func (m *model) taken() bool { return time.Now().Before(m.until) }

func (m *model) acquire(owner string, ttl time.Duration) (lease.State, time.Duration) {
	if m.taken() && m.owner != owner {
		if m.owner == "" {
			return lease.Done, time.Until(m.until)
		}
		return lease.Held, time.Until(m.until)
	}
	m.owner, m.until = owner, time.Now().Add(ttl)
	return lease.Granted, 0
}

func (m *model) extend(owner string, ttl time.Duration) bool {
	if !m.taken() || m.owner != owner {
		return false
	}
	m.until = time.Now().Add(ttl)
	return true
}

func (m *model) release(owner string, keep time.Duration) bool {
	if !m.taken() || m.owner != owner {
		return false
	}
	m.owner, m.until = "", time.Now().Add(keep)
	return true
}

func TestMemoryAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.SliceOfN(rapid.Uint16(), 1, 200).Draw(rt, "steps")
		fault := ""
		synctest.Test(t, func(t *testing.T) {
			store, keys := lease.NewMemory(), map[string]*model{}
			for i := 0; i < len(seed) && fault == ""; i++ {
				fault = compare(t.Context(), store, keys, seed[i])
			}
		})
		if fault != "" {
			rt.Fatal(fault)
		}
	})
}

// compare does one step, of which the bits say what it is, on the store and on the model, and says how they differ.
func compare(ctx context.Context, store lease.Store, keys map[string]*model, step uint16) string {
	key, owner := string(rune('a'+step&1)), string(rune('x'+step>>1&1))
	span := time.Duration(step>>4&15+1) * time.Second
	m := keys[key]
	if m == nil {
		m = &model{}
		keys[key] = m
	}
	switch step >> 2 & 3 {
	case 0:
		g, err := store.Acquire(ctx, key, owner, span)
		state, remaining := m.acquire(owner, span)
		if err != nil || g.State != state || g.Remaining != remaining || state == lease.Granted && g.Token <= m.highest {
			return fmt.Sprintf("Acquire gave %+v, %v, want %v, %v, and a token above %d", g, err, state, remaining, m.highest)
		}
		m.highest = max(m.highest, g.Token)
	case 1:
		got, err := store.Extend(ctx, key, owner, span)
		if want := m.extend(owner, span); err != nil || got != want {
			return fmt.Sprintf("Extend gave %v, %v, want %v", got, err, want)
		}
	case 2:
		keep := span * time.Duration(step>>8&1)
		got, err := store.Release(ctx, key, owner, keep)
		if want := m.release(owner, keep); err != nil || got != want {
			return fmt.Sprintf("Release gave %v, %v, want %v", got, err, want)
		}
	default:
		pass(span)
	}
	return ""
}
