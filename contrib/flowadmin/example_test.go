package flowadmin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core/health"
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
