package flowredis_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core/lease"
)

// nowhere is a coordinator of a Redis that is not there.
func nowhere() (shared *flowredis.Coordinator, closeAll func()) {
	client, err1 := flowredis.NewClient(flowredis.ClientConfig{Addrs: []string{"127.0.0.1:1"}})
	shared, err2 := flowredis.New("shared", client, flowredis.Config{})
	if err := errors.Join(err1, err2); err != nil {
		panic(err)
	}
	return shared, func() {
		shared.Close()
		_ = client.Close()
	}
}

func ExampleNewLeases() {
	shared, closeAll := nowhere()
	defer closeAll()
	store, err := flowredis.NewLeases(shared)
	if err != nil {
		fmt.Println(err)
		return
	}
	locker, err := lease.NewLocker("jobs", store, lease.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer locker.Close()
	_, err = locker.TryAcquire(context.Background(), "invoice-17")
	var failed *lease.StoreError
	fmt.Println(locker)
	fmt.Println("redis failed:", errors.As(err, &failed))
	// Output:
	// locker "jobs": leases of 15s
	// redis failed: true
}
