package streams_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/phuslu/log"
	"github.com/rs/zerolog/diode"
	"go.uber.org/zap/zapcore"
	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/streams/writer"
)

func create(tb testing.TB, path string) *os.File {
	tb.Helper()
	file, err := os.Create(path)
	must(tb, err)
	return file
}

func goflowLog(tb testing.TB, path string) (io.Writer, func() error) {
	tb.Helper()
	file := create(tb, path)
	w, err := writer.New("bench", file, writer.Config{}, writer.WithTelemetry(side.SDK()...))
	must(tb, err)
	return w, func() error { return errors.Join(w.Close(), file.Close()) }
}

// locked lets one goroutine write at a time.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// bufioLog is what people write without a library.
func bufioLog(tb testing.TB, path string) (io.Writer, func() error) {
	tb.Helper()
	file := create(tb, path)
	b := bufio.NewWriterSize(file, bufferBytes)
	return &locked{w: b}, func() error { return errors.Join(b.Flush(), file.Close()) }
}

// fileLog does a system call for each line.
func fileLog(tb testing.TB, path string) (io.Writer, func() error) {
	tb.Helper()
	file := create(tb, path)
	return &locked{w: file}, file.Close
}

func zapLog(tb testing.TB, path string) (io.Writer, func() error) {
	tb.Helper()
	file := create(tb, path)
	w := &zapcore.BufferedWriteSyncer{WS: unsynced{file}, Size: bufferBytes, FlushInterval: time.Second}
	return w, func() error { return errors.Join(w.Stop(), file.Close()) }
}

// unsynced spares zap the fsync at its end, which no other does.
type unsynced struct{ io.Writer }

func (unsynced) Sync() error { return nil }

// phusluLog has room for 4096 lines, and writes many of them in one system call.
func phusluLog(_ testing.TB, path string) (io.Writer, func() error) {
	w := &log.AsyncWriter{ChannelSize: 4096, Writer: &log.FileWriter{Filename: path}}
	return w, w.Close
}

// diodeLog has room for 4096 lines, and overwrites those that are not written in time.
func diodeLog(tb testing.TB, path string) (io.Writer, func() error) {
	tb.Helper()
	w := diode.NewWriter(create(tb, path), 4096, 0, func(int) {})
	return w, w.Close
}

func lumberjackLog(_ testing.TB, path string) (io.Writer, func() error) {
	w := &lumberjack.Logger{Filename: path, MaxSize: 1024}
	return w, w.Close
}
