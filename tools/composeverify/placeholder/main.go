// Placeholder stands where an image of Jaeger or Grafana should be, which only a registry has. It answers their health
// checks and looks at what the demo gives them; it is neither.
//
//	placeholder jaeger --config=FILE    # takes traces by OTLP, and counts the spans
//	placeholder grafana                 # reads the provisioning and the dashboards
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err) //nolint:gocritic // there is nothing left to clean up
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("placeholder: stands in for jaeger or grafana")
	}
	switch args[0] {
	case "jaeger":
		return runJaeger(ctx, args[1:])
	case "grafana":
		return runGrafana(ctx)
	}
	return fmt.Errorf("placeholder: cannot stand in for %q", args[0])
}

// serve serves on all the addresses until ctx ends.
func serve(ctx context.Context, handlers map[string]http.Handler) error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // as gRPC speaks
	failed := make(chan error, len(handlers))
	for addr, handler := range handlers {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		server := &http.Server{Handler: handler, Protocols: protocols, ReadHeaderTimeout: 5 * time.Second}
		go func() { failed <- server.Serve(listener) }()
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}
