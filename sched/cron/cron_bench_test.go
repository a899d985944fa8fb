package cron_test

import (
	"testing"
	"time"

	"github.com/goflow-go/goflow/sched/cron"
)

func BenchmarkParse(b *testing.B) {
	paris := location(b, "Europe/Paris")
	for _, c := range []struct{ name, expr string }{
		{"every 5 minutes", "*/5 * * * *"},
		{"working hours", "*/10 8-18 * * MON-FRI"},
		{"macro", "@daily"},
		{"interval", "@every 90s"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := cron.Parse(c.expr, paris); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNext(b *testing.B) {
	newYork := location(b, "America/New_York")
	for _, c := range []struct {
		name, expr string
		loc        *time.Location
	}{
		{"every 5 minutes, UTC", "*/5 * * * *", time.UTC},
		{"every 5 minutes, New_York", "*/5 * * * *", newYork},
		{"daily, UTC", "30 2 * * *", time.UTC},
		{"daily, New_York", "30 2 * * *", newYork},
		{"29 February, New_York", "0 0 29 2 *", newYork},
		{"last Friday, New_York", "0 9 * * FRIL", newYork},
		{"interval", "@every 90s", newYork},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, start := parse(b, c.expr, c.loc), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			b.ReportAllocs()
			at := start
			for b.Loop() {
				next, ok := s.Next(at)
				if at = next; !ok {
					at = start
				}
			}
		})
	}
}
