package console_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowadmin/console"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// A console beside OpenTelemetry's SDK, with the engine of a limiter.
func ExampleConsole() {
	ctx := context.Background()
	recorder, err1 := console.NewRecorder(console.RecorderConfig{})
	sdk, err2 := otelsdk.Setup(ctx, otelsdk.Config{ServiceName: "shop"},
		otelsdk.WithSpanProcessor(recorder.SpanProcessor()),
		otelsdk.WithLogProcessor(recorder.LogProcessor()),
		otelsdk.WithReader(recorder.Reader()))
	engines := new(flowadmin.Engines)
	page, err3 := console.New("console", console.Config{}, recorder, console.WithEngines(engines))
	admin, err4 := flowadmin.New("admin", flowadmin.Config{}, flowadmin.WithConsole(page))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		fmt.Println(err)
		return
	}
	bucket, err1 := limit.NewTokenBucket("checkout", limit.TokenBucketConfig{Rate: limit.PerSecond(30), Burst: 10},
		limit.WithTelemetry(sdk.Options()...))
	remove, err2 := engines.Add(flowadmin.Limiter(bucket))
	if err := errors.Join(err1, err2, page.Start(ctx)); err != nil {
		fmt.Println(err)
		return
	}

	w := httptest.NewRecorder() // in a program: a server on 127.0.0.1:9090
	admin.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/debug/flow/", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))

	remove()
	bucket.Close()
	fmt.Println(errors.Join(page.Stop(ctx), sdk.Shutdown(ctx)))
	// Output:
	// 200 text/html; charset=utf-8
	// <nil>
}
