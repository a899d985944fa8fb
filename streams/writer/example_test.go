package writer_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams/writer"
)

func ExampleNew() {
	w, err := writer.New("access-log", os.Stdout, writer.Config{})
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(w, "GET /hello 200")
	fmt.Fprintln(w, "GET /missing 404")
	if err := w.Close(); err != nil { // says exactly what was not written
		panic(err)
	}
	fmt.Println(w.Stats().Written)
	// Output:
	// GET /hello 200
	// GET /missing 404
	// 2 writes (32 bytes)
}

// A slog handler writes each record with one Write, so records are never mixed, and logging does not wait for
// the disk.
func ExampleNew_slog() {
	w, err := writer.New("log", os.Stdout, writer.Config{})
	if err != nil {
		panic(err)
	}
	logger := slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	logger.Info("order placed", "id", 42)
	if err := w.Close(); err != nil {
		panic(err)
	}
	// Output:
	// {"level":"INFO","msg":"order placed","id":42}
}

// A log that must never hold up the application drops what is oldest, and says so.
func ExampleWithHook() {
	sink, release := io.Pipe() // takes nothing until it is read
	w, err := writer.New("log", release, writer.Config{BufferBytes: 64, Buffers: 2, Overflow: writer.DropOldest},
		writer.WithHook(func(l writer.Loss) { fmt.Println(l.Outcome, l.Amount) }))
	if err != nil {
		panic(err)
	}
	line := bytes.Repeat([]byte("."), 64)
	_, _ = w.Write(line)
	_, _ = w.Write(line) // the first one is being written
	read := make([]byte, 1)
	_, _ = sink.Read(read)
	_, _ = w.Write(line) // no buffer is free: the second one goes
	_ = sink.CloseWithError(errors.New("disk full"))
	var lost *writer.LostError
	fmt.Println(errors.As(w.Close(), &lost), lost.Lost)
	// Output:
	// dropped 1 write (64 bytes)
	// lost 1 write (63 bytes)
	// lost 1 write (64 bytes)
	// true 3 writes (191 bytes)
}

func ExampleWriter_Write() {
	w, err := writer.New("log", io.Discard, writer.Config{})
	if err != nil {
		panic(err)
	}
	_ = w.Close()
	_, err = fmt.Fprintln(w, "too late")
	fmt.Println(err, errors.Is(err, core.ErrClosed))
	// Output:
	// writer: "log" is closed true
}
