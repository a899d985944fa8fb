package leasetest

import (
	"context"
	"sync"
	"time"

	"github.com/goflow-go/goflow/core/lease"
)

// resource is a value that refuses writes with a token below the highest it has seen.
type resource struct {
	mu      sync.Mutex
	value   int
	highest uint64
	refused int
}

func (r *resource) read() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.value
}

func (r *resource) write(value int, token uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if token < r.highest {
		r.refused++
		return false
	}
	r.value, r.highest = value, token
	return true
}

// locker puts a Locker on a store.
func (s *subject) locker(store lease.Store, cfg lease.Config) *lease.Locker {
	s.tb.Helper()
	l, err := lease.NewLocker("leasetest", store, cfg)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.tb.Cleanup(l.Close)
	return l
}

const (
	workers = 8
	turns   = 5
)

// oneAtATime has many workers read, wait, and write: any two at a time would lose a count.
func oneAtATime(s *subject) {
	cfg := lease.Config{TTL: s.ttl()}
	if s.real { // no lease is to end, nor a request, because the machine is busy
		cfg = lease.Config{TTL: 10 * s.ttl(), Poll: s.ttl() / 20}
	}
	l, r := s.locker(s.store, cfg), &resource{}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range turns {
				s.countUp(l, r)
			}
		})
	}
	wg.Wait()
	if r.value != workers*turns || r.refused > 0 {
		s.tb.Errorf("counted to %d with %d writes refused, want %d and 0", r.value, r.refused, workers*turns)
	}
}

func (s *subject) countUp(l *lease.Locker, r *resource) {
	ctx, cancel := s.patience()
	defer cancel()
	le, err := l.Acquire(ctx, s.key)
	if err != nil {
		s.tb.Errorf("Acquire: %v", err)
		return
	}
	value := r.read()
	<-time.After(max(s.resolution/10, 1))
	r.write(value+1, le.Token())
	if err := le.Release(context.Background()); err != nil {
		s.tb.Errorf("Release: %v", err)
	}
}

// cutOff is a store whose holders get no answer to their renewals.
type cutOff struct{ lease.Store }

func (cutOff) Extend(ctx context.Context, _, _ string, _ time.Duration) (bool, error) {
	<-ctx.Done()
	return false, ctx.Err()
}

// patience is how long the suite waits for a lease: for longer than any store needs.
func (s *subject) patience() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 100*s.ttl())
}

// endsTrustInTime has a holder that cannot renew, and that writes when another holds the key.
func endsTrustInTime(s *subject) {
	ctx, cancel := s.patience()
	defer cancel()
	cfg, most := lease.Config{TTL: s.ttl()}, s.ttl()+max(s.ttl()/4, 100*time.Millisecond)
	if s.real {
		most += s.slack() + time.Second // the process may stand still
	}
	first, err := s.locker(cutOff{s.store}, cfg).Acquire(ctx, s.key)
	if err != nil {
		s.tb.Fatalf("Acquire: %v", err)
	}
	r, began := &resource{}, time.Now()
	second, err := s.locker(s.store, cfg).Acquire(ctx, s.key)
	if err != nil {
		s.tb.Fatalf("Acquire: %v", err)
	}
	if first.Err() == nil || first.Context().Err() == nil {
		s.tb.Errorf("the first trusts its lease when the second has one")
	}
	if wait := time.Since(began); wait > most {
		s.tb.Errorf("the second got the key after %v, want little more than %v", wait, s.ttl())
	}
	if !r.write(2, second.Token()) || r.write(1, first.Token()) {
		s.tb.Errorf("tokens %d and then %d: the write of the first was not refused", first.Token(), second.Token())
	}
	if err := second.Release(context.Background()); err != nil && !s.real { // a request may take too long there
		s.tb.Errorf("Release: %v", err)
	}
	_ = first.Release(context.Background())
}
