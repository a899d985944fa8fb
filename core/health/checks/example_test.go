package checks_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/health/checks"
)

func ExampleHTTP() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()

	check, err := checks.HTTP("payments", server.URL+"/livez", checks.HTTPConfig{Slow: 10 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	check.FailureThreshold = 3
	check.Run = checks.Degrade(check.Run) // all replicas share it: none of them is better off

	fmt.Println("it answers:", check.Run(context.Background()))
	server.Close()
	fmt.Println("it is gone:", errors.Is(check.Run(context.Background()), health.ErrDegraded))
	// Output:
	// it answers: <nil>
	// it is gone: true
}

func ExampleTCP() {
	_, err := checks.TCP("database", "localhost")
	fmt.Println(err)
	// Output: checks: "database": addr must be host:port, got "localhost"
}

func ExampleDisk() {
	registry, err := health.New("app", health.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	disk, err := checks.Disk("disk", "/", checks.DiskConfig{MinFree: 1 << 30, LowFreeShare: 0.1})
	if err == nil {
		disk.FailureThreshold, disk.Interval = 3, time.Minute
		err = registry.Add(disk)
	}
	fmt.Println(err)
	// Output: <nil>
}

func ExampleRuntime() {
	check, err := checks.Runtime("runtime", checks.RuntimeConfig{DegradedLatency: time.Hour, DegradedGoroutines: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(errors.Is(check.Run(context.Background()), health.ErrDegraded))
	// Output: true
}

func ExampleBaseline() {
	latency := 0.020 // in seconds
	check, err := checks.Baseline("query latency",
		func(context.Context) (float64, error) { return latency, nil },
		checks.BaselineConfig{MinSamples: 5, Floor: 0.010})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 5 {
		_ = check.Run(context.Background()) // learns
	}
	latency = 0.035
	fmt.Println(check.Run(context.Background()))
	latency = 0.300
	fmt.Println(check.Run(context.Background()))
	// Output:
	// <nil>
	// 0.3 is above 0.045; it is usually 0.0225, give or take 0.003
}
