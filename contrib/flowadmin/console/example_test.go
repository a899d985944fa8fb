package console_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowadmin/console"
)

func ExampleNew() {
	recorder, err := console.NewRecorder(console.RecorderConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	// In a program: otelsdk.Setup, with the recorder's log processor and its reader as well.
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder.SpanProcessor()))
	c, err := console.New("console", console.Config{}, recorder)
	if err != nil {
		fmt.Println(err)
		return
	}
	admin, err := flowadmin.New("app", flowadmin.Config{}, flowadmin.WithConsole(c))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, span := tracers.Tracer("shop").Start(context.Background(), "GET /cart")
	span.End()

	w := httptest.NewRecorder() // in a program: http.Server{Addr: "127.0.0.1:9090", Handler: admin}
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://localhost/debug/flow/api/traces", nil)
	admin.ServeHTTP(w, r)
	var list struct {
		Traces []struct{ Root, Scope string }
	}
	err = json.Unmarshal(w.Body.Bytes(), &list)
	fmt.Println(list.Traces, err)
	// Output: [{GET /cart shop}] <nil>
}

func ExampleNewRecorder() {
	_, err := console.NewRecorder(console.RecorderConfig{MaxSpanBytes: 1000})
	fmt.Println(err)
	// Output: console: "recorder": MaxSpanBytes must be at least 1 MiB, got 1000
}

func ExampleWithSections() {
	recorder, err := console.NewRecorder(console.RecorderConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := console.New("console", console.Config{}, recorder, console.WithSections(console.Section{
		Name:   "traffic",
		Fields: func() []flowadmin.Field { return []flowadmin.Field{{Name: "upstream", Value: "10.0.0.7:80"}} },
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://localhost/api/config", nil))
	var config struct {
		Sections []struct {
			Name   string
			Fields []flowadmin.Field
		}
	}
	err = json.Unmarshal(w.Body.Bytes(), &config)
	fmt.Println(config.Sections[len(config.Sections)-1], err)
	// Output: {traffic [{upstream 10.0.0.7:80}]} <nil>
}
