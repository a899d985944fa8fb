package flowadmin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/limit"
)

func ExampleNew() {
	registry, err := health.New("app", health.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	admin, err := flowadmin.New("app", flowadmin.Config{}, flowadmin.WithHealth(registry))
	if err != nil {
		fmt.Println(err)
		return
	}
	probe := func() {
		w := httptest.NewRecorder() // in a program: http.Server{Addr: "127.0.0.1:9090", Handler: admin}
		admin.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/readyz", nil))
		fmt.Println(registry.State(), w.Code, w.Body)
	}
	probe()
	registry.SetState(health.Ready)
	probe()
	registry.SetState(health.Draining)
	probe()
	// Output:
	// starting 503 down
	// ready 200 ok
	// draining 503 down
}

func ExampleEngines() {
	api, err := limit.NewTokenBucket("api", limit.TokenBucketConfig{Rate: limit.PerSecond(20), Burst: 5})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer api.Close()
	var engines flowadmin.Engines
	remove, err := engines.Add(flowadmin.Limiter(api))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer remove()

	for _, e := range engines.List() {
		fmt.Println(e.Kind, e.Name, e.State())
		for _, a := range e.Actions {
			fmt.Println(a.Name, a.Params[0].Current())
		}
	}
	found, _ := engines.Find("limiter", "api")
	fmt.Println(found.Actions[0].Do(context.Background(), map[string]string{"rate": "50/s"}))
	// Output:
	// limiter api [{summary token bucket "api": 20/s, burst 5} {rate 20/s} {burst 5} {in use 0} {waiting 0}]
	// set_rate 20/s
	// set_burst 5
	// rate 20/s -> 50/s <nil>
}
