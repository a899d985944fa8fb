package watch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/health/watch"
)

func ExampleNew() {
	registry, err := health.New("app", health.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	w, err := watch.New("app", registry) // to OpenTelemetry's global providers
	if err != nil {
		fmt.Println(err)
		return
	}
	defer w.Close()
	registry.SetState(health.Ready) // one event, goflow.health.change
	fmt.Println(registry.State())
	// Output: ready
}

func ExampleNewWebhook() {
	ctx := context.Background()
	alerts := make(chan string, 1)
	alertmanager := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var posted []struct{ Annotations map[string]string }
		if json.NewDecoder(r.Body).Decode(&posted) == nil {
			alerts <- posted[0].Annotations["summary"]
		}
	}))
	defer alertmanager.Close()

	registry, err := health.New("orders", health.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = registry.Add(health.Check{Name: "database", Run: func(context.Context) error { return errors.New("no connection") }})
	if err != nil {
		fmt.Println(err)
		return
	}
	hook, err := watch.NewWebhook("oncall", watch.WebhookConfig{URL: alertmanager.URL + "/api/v2/alerts"}, registry)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer hook.Close()
	if err := errors.Join(hook.Start(ctx), registry.Start(ctx)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(<-alerts)
	fmt.Println(errors.Join(registry.Stop(ctx), hook.Stop(ctx)))
	// Output:
	// readiness check "database" of orders is down
	// <nil>
}
