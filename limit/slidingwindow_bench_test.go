package limit_test

import (
	"testing"
	"time"

	"github.com/goflow-go/goflow/limit"
)

func BenchmarkWindows(b *testing.B) {
	for _, kind := range windowKinds {
		b.Run(kind.algorithm, func(b *testing.B) {
			benchmarkTake(b, func(b *testing.B, plenty bool, opt limit.Option) asker {
				b.Helper()
				cfg := limit.WindowConfig{Limit: 1, Window: time.Hour}
				if plenty {
					cfg = limit.WindowConfig{Limit: 1 << 20, Window: time.Millisecond}
				}
				l, err := kind.make("bench", cfg, opt)
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(l.Close)
				return l
			})
		})
	}
}
