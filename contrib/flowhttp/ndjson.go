package flowhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"sync"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// ndjsonType is the media type of JSON values, one a line.
const ndjsonType = "application/x-ndjson"

// NDJSON gives the JSON values of a body, one a line: of an *http.Response, or of an *http.Request in
// a handler. Blank lines are skipped, the last line needs no end. A value is handed on as soon as its
// line was read. A line that T does not take ends the run with a [*LineError], one that is too long
// with a [*TooLongError], see [WithMaxBytes], and a body that was cut with its error, each after the
// values before it.
//
// A body is run once. It is closed when the run ends, if it can be. When the context of the run ends,
// so does a read of a response's body that waits; one of a request's body ends when the client sends
// something, is gone, or exceeds the deadline that http.ResponseController.SetReadDeadline has set.
//
// To decode in parallel, take json.RawMessage for T, and decode in a streams.Map.
func NDJSON[T any](body io.Reader, opts ...ReadOption) streams.Stream[T] {
	o, fault := newReadOptions(opts)
	return streams.FromSlices(func(ctx context.Context) iter.Seq2[[]T, error] {
		return func(yield func([]T, error) bool) {
			if fault != nil {
				yield(nil, fault)
				return
			}
			defer closes(ctx, body)()
			readNDJSON(&lineReader{in: body, max: o.max}, yield)
		}
	})
}

// readNDJSON hands on all values that were read, and then reads on.
func readNDJSON[T any](lines *lineReader, yield func([]T, error) bool) {
	var items []T
	for {
		var err error
		if items, err = decode(lines, items[:0]); err != nil {
			yield(items, err)
			return
		}
		if len(items) > 0 && !yield(items, nil) {
			return
		}
		switch err := lines.fill(); {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			yield(nil, err)
			return
		}
	}
}

// decode appends the values of the lines in memory.
func decode[T any](lines *lineReader, items []T) ([]T, error) {
	for {
		line, ok, err := lines.next()
		if !ok {
			return items, err
		}
		if line = bytes.Trim(line, " \t\r"); len(line) == 0 {
			continue
		}
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return items, &LineError{lines.number, err}
		}
		items = append(items, v)
	}
}

// closes lets the end of ctx close what is read, and gives what closes it at the end of the run.
func closes(ctx context.Context, body io.Reader) func() {
	c, ok := body.(io.Closer)
	if !ok {
		return func() {}
	}
	once := sync.OnceFunc(func() { _ = c.Close() }) // it was read as far as anybody wants
	stop := context.AfterFunc(ctx, once)
	return func() {
		stop()
		once()
	}
}

// NDJSONBody is a request's body that sends the items of a stream, one a line: for an http.Request with
// the Content-Type application/x-ndjson. The stream runs under ctx, which should be the request's, from
// the first read until the body is closed, in a goroutine of its own. Its items are sent as they come,
// and it is not read faster than the server takes them. An error of the stream breaks the request off,
// so that the server sees a body that was cut. Close ends the stream, and does not wait for it.
//
// It cannot be sent twice, so policies of a [Transport] get one attempt.
func NDJSONBody[T any](ctx context.Context, items streams.Stream[T]) io.ReadCloser {
	ctx, cancel := context.WithCancel(ctx)
	out, in := io.Pipe()
	run := func() {
		err := core.ErrAborted
		defer func() { _ = in.CloseWithError(err) }() // which never fails
		err = core.Try(ctx, func(ctx context.Context) error {
			return gathered(encoded(items)).ForEach(ctx, func(_ context.Context, lines [][]byte) error {
				_, err := in.Write(bytes.Join(lines, nil))
				return err
			})
		})
	}
	return &streamBody{PipeReader: out, start: sync.OnceFunc(func() {
		go run() // labels: inherited from who sends the body
	}), stop: cancel}
}

// streamBody is the end of a pipe that a stream is written to.
type streamBody struct {
	*io.PipeReader
	start func()
	stop  func()
}

func (b *streamBody) Read(p []byte) (int, error) {
	b.start()
	return b.PipeReader.Read(p)
}

func (b *streamBody) Close() error {
	b.stop()
	return b.PipeReader.Close()
}

// encoded makes a line of each item.
func encoded[T any](items streams.Stream[T]) streams.Stream[[]byte] {
	return streams.Map(items.Stage("ndjson"), func(_ context.Context, item T) ([]byte, error) {
		line, err := json.Marshal(item)
		return append(line, '\n'), err
	})
}
