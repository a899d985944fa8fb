package writer_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams/writer"
)

func TestAWrongConfigNamesEveryField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		sink io.Writer
		cfg  writer.Config
		opts []writer.Option
		want []string
	}{
		{"no sink", nil, writer.Config{}, nil, []string{"sink must not be nil"}},
		{"negative sizes", io.Discard, writer.Config{BufferBytes: -1, Buffers: -1, MaxWrite: -1}, nil, []string{"BufferBytes", "Buffers", "MaxWrite"}},
		{"sizes too small", io.Discard, writer.Config{BufferBytes: 63, Buffers: 1, MaxWrite: 10}, nil, []string{"BufferBytes must be at least 64", "Buffers must be at least 2", "MaxWrite must be at least BufferBytes"}},
		{"sizes too large", io.Discard, writer.Config{BufferBytes: 1 << 30, Buffers: 5000, MaxWrite: 1<<30 + 1}, nil, []string{"BufferBytes must be at most", "Buffers must be at most", "MaxWrite must be at most"}},
		{"an overflow that is none", io.Discard, writer.Config{Overflow: 9}, nil, []string{"Overflow must be one of"}},
		{"spill without a queue", io.Discard, writer.Config{Overflow: writer.Spill}, nil, []string{"Overflow needs WithQueue"}},
		{"a queue without spill", io.Discard, writer.Config{}, []writer.Option{writer.WithQueue(&queue{})}, []string{"Overflow must be spill"}},
		{"negative times", io.Discard, writer.Config{RetryDelay: -1, MaxRetryDelay: -1, MaxAttempts: -1, CloseTimeout: -1}, nil, []string{"RetryDelay", "MaxRetryDelay", "MaxAttempts", "CloseTimeout"}},
		{"a delay over its bound", io.Discard, writer.Config{RetryDelay: time.Minute, MaxRetryDelay: time.Second}, nil, []string{"RetryDelay must be at most MaxRetryDelay, 1s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := writer.New("access-log", c.sink, c.cfg, c.opts...)
			if !errors.Is(err, core.ErrInvalid) {
				t.Fatalf("got %v, want it invalid", err)
			}
			for _, want := range append(c.want, `writer: "access-log": `) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to say %q", err, want)
				}
			}
		})
	}
	if _, err := writer.New("", io.Discard, writer.Config{}); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("no name: got %v, want it invalid", err)
	}
}

func TestErrorsSayWhatWhereAndHowMuch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err         error
		text, class string
		is          error
	}{
		{
			&writer.LostError{Writer: "log", Lost: amount(1), Pending: amount(2), Kept: amount(3), Err: errDown},
			`writer: "log": 1 write (10 bytes) lost, 2 writes (20 bytes) not written yet, 3 writes (30 bytes) left in the queue: down`, core.TypeOther, errDown,
		},
		{&writer.LostError{Writer: "log", Lost: amount(1)}, `writer: "log": 1 write (10 bytes) lost`, core.TypeQueueFull, nil},
		{&writer.FullError{Writer: "log", Capacity: 100}, `writer: "log" rejected: its buffers of 100 bytes are full`, core.TypeQueueFull, core.ErrRejected},
		{&writer.FullError{Writer: "log", Capacity: 100, Err: errDown}, `writer: "log" rejected: its buffers of 100 bytes are full, and its sink fails: down`, core.TypeQueueFull, errDown},
		{&writer.ClosedError{Writer: "log"}, `writer: "log" is closed`, core.TypeClosed, core.ErrClosed},
		{&writer.TooLargeError{Writer: "log", Bytes: 2, Max: 1}, `writer: "log": a write of 2 bytes is larger than MaxWrite, 1`, core.TypeInvalid, core.ErrInvalid},
		{&writer.CountError{Count: 101, Bytes: 100}, `the sink says it wrote 101 of 100 bytes`, core.TypeOther, nil},
	} {
		if c.err.Error() != c.text || core.ErrorType(c.err) != c.class || c.is != nil && !errors.Is(c.err, c.is) {
			t.Errorf("got %q of class %s, want %q of class %s that matches %v", c.err, core.ErrorType(c.err), c.text, c.class, c.is)
		}
	}
}
