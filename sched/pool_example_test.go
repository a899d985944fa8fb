package sched_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

func ExampleNewPool() {
	pool, err := sched.NewPool("images", sched.PoolConfig{MinWorkers: 2, MaxWorkers: 64, Queue: 1024})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	var resized atomic.Int64
	for range 100 {
		err := pool.Submit(ctx, func(context.Context) error {
			resized.Add(1)
			return nil
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(pool.Stop(ctx), resized.Load()) // Stop finishes what was accepted
	fmt.Println(pool.Submit(ctx, func(context.Context) error { return nil }))
	// Output:
	// <nil> 100
	// sched: pool "images" is stopped
}

func ExampleGo() {
	ctx := context.Background()
	pool, _ := sched.NewPool("images", sched.PoolConfig{})
	defer func() { _ = pool.Stop(ctx) }()

	width := sched.Go(ctx, pool, func(context.Context) (int, error) { return 640, nil })
	broken := sched.Go(ctx, pool, func(context.Context) (int, error) { panic("no such file") })

	fmt.Println(width.Wait(ctx))
	_, err := broken.Wait(ctx)
	fmt.Println(err)
	// Output:
	// 640 <nil>
	// core: task panicked: no such file
}

func ExamplePool_Group() {
	ctx := context.Background()
	pool, _ := sched.NewPool("images", sched.PoolConfig{MaxWorkers: 4})
	defer func() { _ = pool.Stop(ctx) }()

	var thumbnails atomic.Int64
	group := pool.Group(ctx, sched.GroupConfig{Limit: 2})
	for range 10 {
		group.Go(func(context.Context) error {
			thumbnails.Add(1)
			return nil
		})
	}
	fmt.Println(group.Wait(), thumbnails.Load())

	group = pool.Group(ctx, sched.GroupConfig{})
	group.Go(func(context.Context) error { return errors.New("disk full") })
	group.Go(func(ctx context.Context) error { <-ctx.Done(); return nil }) // the error ends the others
	fmt.Println(group.Wait())
	// Output:
	// <nil> 10
	// disk full
}

func ExamplePool_SubmitBatch() {
	ctx := context.Background()
	pool, _ := sched.NewPool("images", sched.PoolConfig{Overflow: sched.Reject})

	var sent atomic.Int64
	send := func(context.Context) error { sent.Add(1); return nil }
	n, err := pool.SubmitBatch(ctx, []core.Task{send, send, send}, sched.WithPriority(sched.Low))
	fmt.Println(n, err)
	fmt.Println(pool.Stop(ctx), sent.Load())
	// Output:
	// 3 <nil>
	// <nil> 3
}
