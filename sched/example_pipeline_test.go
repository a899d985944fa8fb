package sched_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goflow-go/goflow/sched"
)

// Pages are fetched by eight workers and counted by two. The results come in the order of the addresses.
func ExampleNewPipeline() {
	fetch := func(_ context.Context, url string) (string, error) {
		if url == "/gone" {
			return "", errors.New("404 not found")
		}
		return "the text of " + url, nil
	}
	count := func(_ context.Context, page string) (int, error) {
		return len(strings.Fields(page)), nil
	}

	fetched := sched.NewStage("fetch", sched.StageConfig{Workers: 8, Timeout: time.Second}, fetch)
	counted := sched.Then(fetched, "count", sched.StageConfig{Workers: 2}, count)
	words, err := sched.NewPipeline("words", sched.PipelineConfig{}, counted)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	urls := slices.Values([]string{"/home", "/gone", "/help and more"})
	for n, err := range words.All(ctx, urls) {
		fmt.Println(n, err)
	}
	fmt.Println("stopped:", words.Stop(ctx))
	// Output:
	// 4 <nil>
	// 0 sched: pipeline "words" failed at stage "fetch": 404 not found
	// 6 <nil>
	// stopped: <nil>
}

// One item at a time is taken through by Process; Submit does not wait for it.
func ExamplePipeline_Submit() {
	twice := func(_ context.Context, n int) (int, error) { return 2 * n, nil }
	doubled, err := sched.NewPipeline("doubled", sched.PipelineConfig{}, sched.NewStage("double", sched.StageConfig{}, twice))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	first, second := doubled.Submit(ctx, 1), doubled.Submit(ctx, 2)
	fmt.Println(doubled.Process(ctx, 3))
	fmt.Println(first.Wait(ctx))
	fmt.Println(second.Wait(ctx))
	fmt.Println("stopped:", doubled.Stop(ctx))
	// Output:
	// 6 <nil>
	// 2 <nil>
	// 4 <nil>
	// stopped: <nil>
}
