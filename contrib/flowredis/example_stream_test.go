package flowredis_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/streams"
)

func ExampleNewConsumer() {
	shared, closeAll := nowhere()
	defer closeAll()
	orders, err := flowredis.NewConsumer("orders", shared, flowredis.ConsumerConfig{
		Stream: "orders", Group: "billing", Consumer: "billing-0",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer orders.Close()
	bill := func(_ context.Context, m flowredis.Message) error {
		fmt.Println("bill", m.Fields["order"])
		return nil
	}

	ctx, stop := context.WithTimeout(context.Background(), 50*time.Millisecond) // in truth: until the process is to end
	defer stop()
	// Redis is not there, so the run waits for it.
	err = orders.Messages().Parallel(4).ForEach(ctx, bill)
	fmt.Println(orders)
	fmt.Println("ended with its context:", errors.Is(err, context.DeadlineExceeded))
	// Output:
	// consumer "orders": "orders" of group "billing"
	// ended with its context: true
}

func ExampleNewProducer() {
	shared, closeAll := nowhere()
	defer closeAll()
	producer, err := flowredis.NewProducer("orders", shared, flowredis.ProducerConfig{Stream: "orders", MaxLen: 1_000_000})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer producer.Close()
	messages := streams.FromSlice([]flowredis.Message{
		{Key: "order-17", Fields: map[string]string{"order": "17", "amount": "12.50"}},
		{Key: "order-18", Fields: map[string]string{"order": "18", "amount": "3.00"}},
	})

	err = streams.Batch(messages, 100, 10*time.Millisecond).ForEach(context.Background(), producer.AddAll)
	var failed *flowredis.AddError
	if errors.As(err, &failed) { // Redis is not there
		fmt.Println("added", failed.Added)
	}
	// Output: added 0
}
