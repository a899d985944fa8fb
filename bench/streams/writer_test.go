package streams_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// Records are short lines, and whoever buffers has as many bytes for it as goflow has by default.
const (
	lineBytes   = 100
	bufferBytes = 256 << 10
)

// line is what all write: it never changes, because one of the peers keeps the caller's slice.
var line = append(bytes.Repeat([]byte("x"), lineBytes-1), '\n')

// logs write lines to a file: make opens one, and close writes what it still holds.
var logs = []struct {
	impl string
	make func(tb testing.TB, path string) (w io.Writer, close func() error)
}{
	{"goflow-metered", goflowLog},
	{"bufio-mutex", bufioLog},
	{"zap", zapLog},
	{"phuslu", phusluLog},
	{"diode", diodeLog},
	{"lumberjack", lumberjackLog},
	{"file", fileLog},
}

// BenchmarkWriter writes lines from one goroutine or eight, closing included.
func BenchmarkWriter(b *testing.B) {
	for _, goroutines := range []int{1, 8} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			for _, l := range logs {
				b.Run("impl="+l.impl, func(b *testing.B) {
					lost := writeRuns(b, l.make, func(w io.Writer) { write(b, w, goroutines, many, nil) })
					perItem(b, many)
					b.ReportMetric(float64(lost)/float64(b.N)/many, "lost/record")
				})
			}
		})
	}
}

// BenchmarkWriterTail measures how long a Write takes at worst, while eight goroutines write.
func BenchmarkWriterTail(b *testing.B) {
	const goroutines = 8
	b.Run("goroutines=8", func(b *testing.B) {
		for _, l := range logs {
			b.Run("impl="+l.impl, func(b *testing.B) {
				took := make([][]time.Duration, goroutines)
				writeRuns(b, l.make, func(w io.Writer) { write(b, w, goroutines, many, took) })
				all := slices.Concat(took...)
				slices.Sort(all)
				quantile := func(q float64) float64 { return all[int(q*float64(len(all)-1))].Seconds() * 1e6 }
				b.ReportMetric(quantile(0.5), "p50-us")
				b.ReportMetric(quantile(0.999), "p99.9-us")
				b.ReportMetric(quantile(1), "max-us")
				b.ReportMetric(0, "ns/op")
			})
		}
	})
}

// writeRuns opens a log on an empty file for each run, and counts the lines that the files lack.
func writeRuns(b *testing.B, open func(testing.TB, string) (io.Writer, func() error), run func(io.Writer)) (lost int) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "log")
	for b.Loop() {
		b.StopTimer()
		w, done := open(b, path)
		b.StartTimer()
		run(w)
		must(b, done())
		b.StopTimer()
		lost += many - lines(b, path)
		must(b, os.RemoveAll(path)) // one that was closed before it had written anything made none
		b.StartTimer()
	}
	return lost
}

// write shares lines out between goroutines. Of one in 16 it notes how long it took, when there is where to.
func write(tb testing.TB, w io.Writer, goroutines, n int, took [][]time.Duration) {
	tb.Helper()
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			var note []time.Duration
			if took != nil {
				note = took[g]
			}
			for i := range n / goroutines {
				sampled := took != nil && i%16 == 0
				var begin time.Time
				if sampled {
					begin = time.Now()
				}
				if _, err := w.Write(line); err != nil {
					tb.Error(err)
					return
				}
				if sampled {
					note = append(note, time.Since(begin))
				}
			}
			if took != nil {
				took[g] = note
			}
		})
	}
	wg.Wait()
}

// lines is how many lines a file has.
func lines(tb testing.TB, path string) int {
	tb.Helper()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	must(tb, err)
	return int(info.Size() / lineBytes)
}

func TestLogsWriteWholeLines(t *testing.T) {
	t.Parallel()
	const n = 8000
	for _, l := range logs {
		path := filepath.Join(t.TempDir(), "log")
		w, done := l.make(t, path)
		write(t, w, 8, n, nil)
		must(t, done())
		text, err := os.ReadFile(path)
		must(t, err)
		if !bytes.Equal(text, bytes.Repeat(line, len(text)/lineBytes)) {
			t.Errorf("%s: the file holds other bytes than were written", l.impl)
		}
		if got := len(text) / lineBytes; got != n && l.impl != "diode" {
			t.Errorf("%s: got %d lines, want %d", l.impl, got, n)
		}
	}
}
