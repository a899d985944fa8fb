package writer_test

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goflow-go/goflow/streams/writer"
)

// locked is what is compared with: bufio behind a mutex.
type locked struct {
	mu sync.Mutex
	b  *bufio.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) Close() error { return l.b.Flush() }

// BenchmarkWrite writes records of 100 bytes to a temporary file, closing included. Besides the time of a write it
// tells the 99.9th percentile of how long a Write took, of one in 17, which is in step with no buffer; reading the
// clock is in both.
func BenchmarkWrite(b *testing.B) {
	makers := map[string]func(testing.TB, io.Writer) io.WriteCloser{
		"bufio": func(_ testing.TB, sink io.Writer) io.WriteCloser {
			return &locked{b: bufio.NewWriterSize(sink, 256<<10)}
		},
		"goflow": func(tb testing.TB, sink io.Writer) io.WriteCloser {
			w, err := writer.New("bench", sink, writer.Config{})
			if err != nil {
				tb.Fatal(err)
			}
			return w
		},
	}
	for _, goroutines := range []int{1, 8} {
		for _, name := range []string{"bufio", "goflow"} {
			b.Run(name+"/"+map[int]string{1: "goroutines=1", 8: "goroutines=8"}[goroutines], func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(100)
				file, err := os.Create(filepath.Join(b.TempDir(), "log"))
				if err != nil {
					b.Fatal(err)
				}
				benchmarkWrite(b, makers[name](b, file), goroutines)
				if err := file.Close(); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

func benchmarkWrite(b *testing.B, w io.WriteCloser, goroutines int) {
	b.Helper()
	took := make([][]time.Duration, goroutines)
	for i := range took {
		took[i] = make([]time.Duration, 0, b.N/goroutines/17+2)
	}
	record := []byte(strings.Repeat("x", 99) + "\n")
	b.ResetTimer()
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for i := range b.N / goroutines {
				if i%17 != 0 {
					_, _ = w.Write(record)
					continue
				}
				start := time.Now()
				_, _ = w.Write(record)
				took[g] = append(took[g], time.Since(start))
			}
		})
	}
	all.Wait()
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	times := slices.Concat(took...)
	slices.Sort(times)
	if len(times) > 0 {
		b.ReportMetric(float64(times[len(times)*99/100]), "p99-ns")
		b.ReportMetric(float64(times[len(times)*999/1000]), "p99.9-ns")
	}
}
