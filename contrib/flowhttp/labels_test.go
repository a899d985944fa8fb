package flowhttp_test

import (
	"context"
	"net/http"
	"runtime/pprof"
	"testing"

	"github.com/goflow-go/goflow/contrib/flowhttp"
)

func TestTheContextOfARequestHasTheLabelsOfTheServer(t *testing.T) {
	t.Parallel()
	var kind, name string
	server, err := flowhttp.NewServer("web", flowhttp.ServerConfig{Addr: "127.0.0.1:0"},
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			kind, _ = pprof.Label(r.Context(), "goflow.kind")
			name, _ = pprof.Label(r.Context(), "goflow.name")
		}))
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+server.Addr().String(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if err := server.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if kind != "server" || name != "web" {
		t.Errorf("the labels are %q %q, want server web", kind, name)
	}
}
