package main

import (
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protowire"
)

// runJaeger takes traces where Jaeger does, and tells at its page how many spans there were.
func runJaeger(ctx context.Context, args []string) error {
	for _, arg := range args {
		if path, ok := strings.CutPrefix(arg, "--config="); ok {
			if err := readable(path); err != nil {
				return err
			}
		}
	}
	var spans atomic.Int64
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"placeholder": "jaeger", "spans": spans.Load()})
	})
	return serve(ctx, map[string]http.Handler{":4317": collect(&spans), ":16686": page, ":13133": page})
}

// readable fails when a file cannot be read or is not YAML.
func readable(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var content any
	if err := yaml.Unmarshal(text, &content); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// collect answers calls of OTLP's trace service. gRPC is HTTP/2: a message is a byte that says whether it is
// compressed, its length, and it; how the call ended follows in the trailer.
func collect(spans *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status, Grpc-Message")
		n, err := countCall(r.Body)
		if err != nil {
			w.Header().Set("Grpc-Status", "3")
			w.Header().Set("Grpc-Message", err.Error())
			return
		}
		spans.Add(int64(n))
		_, _ = w.Write(make([]byte, 5)) // an empty answer
		w.Header().Set("Grpc-Status", "0")
	}
}

// countCall counts the spans of one call.
func countCall(body io.Reader) (int, error) {
	var head [5]byte
	if _, err := io.ReadFull(body, head[:]); err != nil {
		return 0, err
	}
	message := io.LimitReader(body, int64(binary.BigEndian.Uint32(head[1:])))
	if head[0] == 1 {
		unpacked, err := gzip.NewReader(message)
		if err != nil {
			return 0, err
		}
		message = unpacked
	}
	text, err := io.ReadAll(message)
	if err != nil {
		return 0, err
	}
	return count(text, 1, 2, 2) // resource spans, scope spans, spans
}

// count counts the messages that a path of field numbers leads to.
func count(message []byte, path ...protowire.Number) (total int, err error) {
	if len(path) == 0 {
		return 1, nil
	}
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return 0, protowire.ParseError(n)
		}
		message = message[n:]
		size := protowire.ConsumeFieldValue(number, kind, message)
		if size < 0 {
			return 0, protowire.ParseError(size)
		}
		if number == path[0] && kind == protowire.BytesType {
			inner, _ := protowire.ConsumeBytes(message)
			below, err := count(inner, path[1:]...)
			if err != nil {
				return 0, err
			}
			total += below
		}
		message = message[size:]
	}
	return total, nil
}
