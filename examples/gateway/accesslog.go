package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/fxmodule/httpfx"
	"github.com/goflow-go/goflow/fxmodule/streamsfx"
	"github.com/goflow-go/goflow/streams/spill"
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
	Usage   *spill.Queue `name:"usage" optional:"true"`
}

// watching sees requests from outside the limit, so that those it refuses are told of too.
func watching(p watchParams) flowhttp.MiddlewareOption {
	return flowhttp.WithOuter(func(next http.Handler) http.Handler { return &watched{next, p} })
}

// request is what is remembered of a request that is over.
type request struct {
	ID     string        `json:"id"`
	Trace  string        `json:"traceparent,omitempty"`
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

// newRequest is what is known when it begins.
func newRequest(r *http.Request) request {
	parent := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(r.Context(), parent)
	return request{ID: identify(r), Trace: parent["traceparent"], Time: time.Now().UTC(), Method: r.Method, Path: r.URL.Path}
}

// requestID is the header that says what a client calls its request.
const requestID = "X-Request-Id"

// identify gives the client's name for the request, or one made up where it has none, or a strange one.
func identify(r *http.Request) string {
	id := r.Header.Get(requestID)
	strange := func(c rune) bool { return c <= ' ' || c > '~' }
	if id == "" || len(id) > 128 || strings.ContainsFunc(id, strange) {
		id = rand.Text()
		r.Header.Set(requestID, id)
	}
	return id
}

// origin is the request's span.
func (r *request) origin() trace.SpanContext {
	parent := propagation.MapCarrier{"traceparent": r.Trace}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), parent))
}

// served says whether a client got what it asked for, as far as a proxy can tell.
func (r *request) served() bool {
	return r.Status < http.StatusInternalServerError && r.Status != http.StatusTooManyRequests
}

// watched tells of each request once it is over: to the access log, to the analytics, and if it was served, to
// who bills.
type watched struct {
	next http.Handler
	to   watchParams
}

func (h *watched) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	over, start := newRequest(r), time.Now()
	w.Header().Set(requestID, over.ID)
	seen := &response{ResponseWriter: w, status: http.StatusOK}
	defer func() {
		over.Status, over.Bytes, over.Took = seen.status, seen.bytes, time.Since(start)
		h.tell(r.Context(), over)
	}()
	h.next.ServeHTTP(seen, r)
}

// tell holds no request up but for a write to the queue. What is not taken, these count themselves.
func (h *watched) tell(ctx context.Context, over request) {
	h.to.Traffic.tell(over)
	line, err := json.Marshal(over)
	if err != nil {
		return
	}
	_, _ = h.to.Log.Write(append(line, '\n'))
	if h.to.Usage != nil && over.served() {
		_ = h.to.Usage.Push(context.WithoutCancel(ctx), line) // also of a client that has gone
	}
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
