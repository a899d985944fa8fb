package limit_test

import (
	"context"
	"fmt"

	"github.com/goflow-go/goflow/limit"
)

// A server refuses suggestions before orders when its process has too much to do.
func ExampleNewOverload() {
	overload, err := limit.NewOverload("api", limit.OverloadConfig{MaxGoroutines: 100_000})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer overload.Close()

	ctx := limit.WithImportance(context.Background(), limit.Critical)
	err = overload.Do(ctx, func(context.Context) error {
		fmt.Println("ordered")
		return nil
	})
	fmt.Println(err)
	// Output:
	// ordered
	// <nil>
}
