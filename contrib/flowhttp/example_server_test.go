package flowhttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
)

func ExampleNewServer() {
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	server, err := flowhttp.NewServer("api", flowhttp.ServerConfig{Addr: "127.0.0.1:0"}, hello)
	if err != nil {
		panic(err)
	}
	var service core.Service = server // a member of a core.Group, in a program of several

	ctx := context.Background()
	if err := service.Start(ctx); err != nil {
		panic(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+server.Addr().String(), http.NoBody)
	if err != nil {
		panic(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(err)
	}
	body, err := io.ReadAll(res.Body)
	fmt.Printf("%s %v\n", body, err)
	_ = res.Body.Close()
	http.DefaultClient.CloseIdleConnections()

	fmt.Println(service.Stop(ctx))
	// Output:
	// hello <nil>
	// <nil>
}
