package sched_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

// An order is placed step by step. When the courier cannot take it, what was done before is undone.
func ExampleNewChain() {
	say := func(what string) core.Task {
		return func(context.Context) error { fmt.Println(what); return nil }
	}
	noCourier := func(context.Context) error { return errors.New("no courier before Monday") }

	order, err := sched.NewChain("order", sched.ChainConfig{}, []sched.Step{
		{Name: "reserve", Do: say("reserve the goods"), Undo: say("put them back")},
		{Name: "charge", Do: say("charge the card"), Undo: say("refund it"), OnError: sched.Retry(2, time.Second)},
		{Name: "ship", Do: noCourier},
		{Name: "thank", Do: say("send a mail"), OnError: sched.Continue()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer order.Close()

	fmt.Println(order.Run(context.Background()))
	// Output:
	// reserve the goods
	// charge the card
	// refund it
	// put them back
	// sched: chain "order" failed at step "ship": no courier before Monday; undone: charge, reserve
}

// A chain may branch: who pays by card goes on with what comes next, others are sent an invoice.
func ExampleJump() {
	say := func(what string) core.Task {
		return func(context.Context) error { fmt.Println(what); return nil }
	}
	noCard := func(context.Context) error { return errors.New("no card on file") }

	billing, err := sched.NewChain("billing", sched.ChainConfig{}, []sched.Step{
		{Name: "charge", Do: noCard, OnError: sched.Jump("invoice")},
		{Name: "receipt", Do: say("send a receipt"), OnSuccess: sched.Stop()},
		{Name: "invoice", Do: say("send an invoice")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer billing.Close()

	fmt.Println(billing.Run(context.Background()))
	// Output:
	// send an invoice
	// <nil>
}
