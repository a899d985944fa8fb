package sched_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

// tasks is how many tasks the long tests give to pools: GOFLOW_POOL_TASKS, or few.
func tasks(t *testing.T) int64 {
	t.Helper()
	text := os.Getenv("GOFLOW_POOL_TASKS")
	if text == "" {
		return 30_000
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// ledger is what a chaotic run knows of its tasks.
type ledger struct {
	given atomic.Int64 // to the pool, whether it accepted them or not
	begun atomic.Int64
	over  atomic.Int64
}

// task is one that does what a user's may.
func (l *ledger) task(n uint64) core.Task {
	return func(ctx context.Context) error {
		l.begun.Add(1)
		defer l.over.Add(1)
		switch n % 200 {
		case 0:
			panic("boom")
		case 1:
			runtime.Goexit()
		case 2, 3:
			return errors.New("failed")
		case 4:
			select {
			case <-ctx.Done():
			case <-time.After(time.Millisecond):
			}
		case 5:
			runtime.Gosched()
		}
		return nil
	}
}

// give gives one or a few tasks to p in some way, and reports false when p is stopped.
func (l *ledger) give(ctx context.Context, p *sched.Pool, r *rand.Rand) bool {
	n := r.Uint64()
	option := sched.WithPriority(sched.Priority(n>>8%3) - 1)
	var err error
	switch n >> 16 % 8 {
	case 0, 1, 2:
		l.given.Add(1)
		err = p.Submit(ctx, l.task(n), option)
	case 3:
		l.given.Add(1)
		err = p.TrySubmit(context.Background(), l.task(n))
	case 4:
		batch := []core.Task{l.task(n), l.task(n / 3), l.task(n / 5), l.task(n / 7)}
		k := 0
		k, err = p.SubmitBatch(ctx, batch, option, sched.WithTimeout(time.Second))
		l.given.Add(int64(k))
		if err != nil {
			l.given.Add(1) // the one that was refused; the rest were not tried
		}
	case 5:
		l.group(ctx, p, n)
	default:
		l.future(ctx, p, n)
	}
	return !errors.Is(err, core.ErrClosed)
}

// future gives a task someone waits for, who may give up.
func (l *ledger) future(ctx context.Context, p *sched.Pool, n uint64) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.given.Add(1)
	task := l.task(n)
	f := sched.Go(ctx, p, func(ctx context.Context) (int, error) { return 1, task(ctx) })
	if n>>24%10 == 0 {
		cancel()
	}
	_, _ = f.Wait(context.Background())
}

// group gives a group of tasks.
func (l *ledger) group(ctx context.Context, p *sched.Pool, n uint64) {
	g := p.Group(ctx, sched.GroupConfig{Limit: int(n >> 24 % 3), KeepGoing: n>>32%2 == 0})
	for i := range n >> 40 % 8 {
		l.given.Add(1)
		g.Go(l.task(n >> i))
	}
	_ = g.Wait()
}

func TestEveryAcceptedTaskIsCountedOnce(t *testing.T) {
	t.Parallel()
	left := tasks(t)
	for round := uint64(0); left > 0; round++ {
		r := rand.New(rand.NewPCG(round, 1))
		p, err := sched.NewPool("images", sched.PoolConfig{
			MinWorkers: r.IntN(3), MaxWorkers: 3 + r.IntN(20), Queue: 1 + r.IntN(300),
			Overflow: sched.Overflow(r.IntN(3)), ScaleAfter: time.Duration(1 + r.IntN(100_000)), IdleTimeout: time.Duration(1 + r.IntN(1_000_000)),
		})
		if err != nil {
			t.Fatal(err)
		}
		left -= chaos(t, p, r, min(left, 1+r.Int64N(20_000)))
	}
}

// chaos gives about n tasks to p, stops it at some moment, and checks its books.
func chaos(t *testing.T, p *sched.Pool, r *rand.Rand, n int64) int64 {
	t.Helper()
	var l ledger
	var producers sync.WaitGroup
	var given atomic.Int64
	for i := range uint64(8) {
		producers.Go(func() {
			own := rand.New(rand.NewPCG(i, uint64(n)))
			for given.Add(1) <= n {
				if !l.give(t.Context(), p, own) {
					return
				}
			}
		})
	}
	limit := r.Int64N(2 * n)
	for given.Load() < min(limit, n) {
		runtime.Gosched()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(20))*time.Millisecond)
	defer cancel()
	err := p.Stop(ctx)
	producers.Wait()
	var back int64
	var unfinished *sched.UnfinishedError
	if errors.As(err, &unfinished) {
		back = int64(len(unfinished.Tasks))
	}
	stop(t, p)
	s := p.Stats()
	ran := s.Completed + s.Failed + s.Panicked
	if s.Queued+s.Running+s.Workers != 0 {
		t.Fatalf("it is stopped, and has %+v", s)
	}
	if ran != l.begun.Load() || ran != l.over.Load() {
		t.Fatalf("%d began, %d ended, and %d are counted: %+v", l.begun.Load(), l.over.Load(), ran, s)
	}
	if got := ran + s.Cancelled + s.Dropped + s.Returned + s.Rejected; got != l.given.Load() {
		t.Fatalf("%d were given, %d are counted: %+v", l.given.Load(), got, s)
	}
	if back > s.Returned {
		t.Fatalf("%d were handed back, %d are counted", back, s.Returned)
	}
	return max(l.given.Load(), 1)
}

// Overload is ten times what the workers can do, for a short time.
func TestOverloadLeavesMemoryFlat(t *testing.T) {
	p := newPool(t, sched.PoolConfig{MaxWorkers: 2, Queue: 1000, Overflow: sched.Reject})
	overload := func(d time.Duration) {
		var producers sync.WaitGroup
		end := time.Now().Add(d)
		for range 20 {
			producers.Go(func() {
				for time.Now().Before(end) {
					_ = p.Submit(t.Context(), func(context.Context) error { runtime.Gosched(); return nil })
				}
			})
		}
		producers.Wait()
	}
	overload(50 * time.Millisecond)
	before := heapInUse()
	overload(500 * time.Millisecond)
	if got := heapInUse(); got > before+1<<20 {
		t.Errorf("%d bytes in use, want %d as before", got, before)
	}
	// It works as before at once.
	if _, err := sched.Go(t.Context(), p, func(context.Context) (int, error) { return 1, nil }).Wait(t.Context()); err != nil && !errors.Is(err, core.ErrRejected) {
		t.Error(err)
	}
	stop(t, p)
	if got := p.Stats(); got.Queued+got.Running != 0 {
		t.Errorf("got %+v", got)
	}
}
