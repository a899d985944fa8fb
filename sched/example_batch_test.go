package sched_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

// Five shops are synced, two at a time. One that fails does not keep the others from it.
func ExampleBatch() {
	var synced atomic.Int64
	var tasks []core.Task
	for _, shop := range []string{"paris", "rome", "oslo", "bern", "graz"} {
		tasks = append(tasks, func(context.Context) error {
			if shop == "oslo" {
				return errors.New("oslo is closed")
			}
			synced.Add(1)
			return nil
		})
	}
	err := sched.Batch(2, tasks...)(context.Background())
	fmt.Println(synced.Load(), "synced;", err)
	// Output: 4 synced; oslo is closed
}
