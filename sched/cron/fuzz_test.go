package cron_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/goflow-go/goflow/sched/cron"
)

func FuzzParse(f *testing.F) {
	for _, expr := range []string{
		"* * * * *", "*/5 0-23/2 1,15 JAN-MAR MON-FRI", "0 0 30 2 *", "TZ=Europe/Paris 30 2 * * *", "TZ=", "CRON_TZ=../x * * * * *",
		"@every 90s", "@every 1ms", "@daily", "@", "0 0 L,LW,L-3,15W * FRIL,MON#5", "60 * * * *", "5-1 * * * *", "*/0 * * * *",
		"0 22-6 ? NOV-FEB FRI-MON/2", "1,,2 * * * *", "\x00", "٣ * * * *", "* * * 2 MON#5", "@every 2562047h47m16.854775807s",
	} {
		f.Add(expr, int64(1_772_000_000))
	}
	f.Fuzz(func(t *testing.T, expr string, unix int64) {
		s, err := cron.Parse(expr, nil)
		if err != nil {
			var wrong *cron.ParseError
			if !errors.As(err, &wrong) || wrong.Column < 1 || wrong.Column > len(wrong.Expr)+1 || wrong.Error() == "" {
				t.Fatalf("%q: got %v, want a ParseError in a column of it", expr, err)
			}
			return
		}
		again := parse(t, s.String(), nil)
		if again.String() != s.String() || again.Describe() != s.Describe() || again.Steady() != s.Steady() {
			t.Fatalf("%q: got %s from %s, want the same", expr, again, s)
		}
		for at := time.Unix(unix, 0); ; {
			next, ok := s.Next(at)
			if other, same := again.Next(at); same != ok || !other.Equal(next) {
				t.Fatalf("%q after %v: got %v, and %v once read back", expr, at, next, other)
			}
			if !ok || next.Sub(time.Unix(unix, 0)) > 24*time.Hour {
				return
			}
			if !next.After(at) {
				t.Fatalf("%q after %v: got %v, want one after it", expr, at, next)
			}
			at = next.Add(time.Hour)
		}
	})
}

func TestStringParsesBackToAnEqualSchedule(t *testing.T) {
	t.Parallel()
	g := generator{rand.New(rand.NewPCG(6, 7))}
	newYork := location(t, "America/New_York")
	for range 3000 {
		at := unix(1970) + g.Int64N(80*365*day)
		s, err := cron.Parse(g.expression(edge{at: at}), newYork)
		if err != nil {
			continue
		}
		again := parse(t, s.String(), nil)
		if again.String() != s.String() {
			t.Fatalf("got %s, want %s", again, s)
		}
		for range 5 {
			a, _ := s.Next(time.Unix(at, 0))
			b, _ := again.Next(time.Unix(at, 0))
			if !a.Equal(b) {
				t.Fatalf("%s after %d: got %v, and %v once read back", s, at, a, b)
			}
			at = a.Unix()
		}
	}
}
