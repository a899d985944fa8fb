package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/fxmodule/httpfx"
	"github.com/goflow-go/goflow/fxmodule/streamsfx"
	"github.com/goflow-go/goflow/streams/writer"
)

// accessLog writes a line for each request, without making it wait for the disk.
func accessLog(cfg config) fx.Option {
	return fx.Options(
		streamsfx.Writer("access-log", func() (io.Writer, error) {
			if cfg.AccessLog == "" {
				return io.Discard, nil
			}
			return os.OpenFile(cfg.AccessLog, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		}, writer.Config{Overflow: writer.DropNewest}), // rather lose lines than hold up requests
		httpfx.AsOption("gateway", watching),
	)
}

type watchParams struct {
	fx.In

	Log     *writer.Writer `name:"access-log"`
	Traffic *traffic
}

// watching sees requests from outside the limit, so that those it refuses are told of too.
func watching(p watchParams) flowhttp.MiddlewareOption {
	return flowhttp.WithOuter(func(next http.Handler) http.Handler { return &watched{next, p.Log, p.Traffic} })
}

// request is what is remembered of a request that is over.
type request struct {
	Time   time.Time     `json:"time"`
	Method string        `json:"method"`
	Path   string        `json:"path"`
	Status int           `json:"status"`
	Bytes  int64         `json:"bytes"`
	Took   time.Duration `json:"took_ns"`
}

// route is the first part of the path, which is as much as a proxy knows of its upstream's routes.
func (r *request) route() string {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/")
	return r.Method + " /" + first
}

// watched tells of each request once it is over: to the access log, and to the analytics.
type watched struct {
	next    http.Handler
	log     *writer.Writer
	traffic *traffic
}

func (h *watched) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	seen := &response{ResponseWriter: w, status: http.StatusOK}
	path := r.URL.Path // a handler may change it
	defer func() {
		over := request{start.UTC(), r.Method, path, seen.status, seen.bytes, time.Since(start)}
		h.traffic.tell(over)
		if line, err := json.Marshal(over); err == nil {
			_, _ = h.log.Write(append(line, '\n')) // what it does not take, it counts
		}
	}()
	h.next.ServeHTTP(seen, r)
}

// response notes what was answered.
type response struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *response) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController find what the server's own writer can do.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
