package limittest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/limit"
)

// key is one key of a keyed limiter, another key of which is used up.
type key struct{ keyed limit.KeyedLimiter }

func (k key) Take(ctx context.Context, n int) (limit.Decision, error) {
	return k.keyed.Take(ctx, "tested", n)
}

func newKey(tb testing.TB, keyed limit.KeyedLimiter, n int) limit.Limiter {
	tb.Helper()
	if d, err := keyed.Take(context.Background(), "other", n); err != nil || !d.Allowed {
		tb.Fatalf("a new key: Take(%d) gave %+v, %v", n, d, err)
	}
	return key{keyed}
}

// keyedSubject is a keyed limiter under test.
type keyedSubject struct {
	tb    testing.TB
	keyed limit.KeyedLimiter
	options
}

func newKeyedSubject(tb testing.TB, o options, newLimiter func(rate limit.Rate, burst int) limit.KeyedLimiter) *keyedSubject {
	tb.Helper()
	return &keyedSubject{tb: tb, keyed: newLimiter(limit.Every(o.interval), o.burst), options: o}
}

type keyedRow struct {
	name  string
	check func(s *keyedSubject)
}

var keyedRows = []keyedRow{
	{"gives each key its own burst", keysAreIndependent},
	{"takes any text as a key", keysAreAnyText},
}

func (s *keyedSubject) take(key string, n int) limit.Decision {
	s.tb.Helper()
	d, err := s.keyed.Take(context.Background(), key, n)
	if err != nil {
		s.tb.Fatalf("Take(%q, %d): %v", key, n, err)
	}
	return d
}

// full checks that a key has all its permits, and takes them.
func (s *keyedSubject) full(key string) {
	s.tb.Helper()
	if d := s.take(key, s.surely()); !d.Allowed || s.least == 0 && d.Remaining != 0 {
		s.tb.Errorf("the key %.20q was not used, but Take(%d) gave %+v", key, s.surely(), d)
	}
}

func keysAreIndependent(s *keyedSubject) {
	for i := range 50 {
		s.full(fmt.Sprintf("client-%d", i))
	}
}

func keysAreAnyText(s *keyedSubject) {
	for _, key := range []string{
		"", " ", "a", "A", "a\x00", "a\x00b", "{a}", "{a}b", "a:b", "a b", "a\r\nb", "\xff\xfe", "ключ",
		strings.Repeat("k", 1<<16), strings.Repeat("k", 1<<16) + "!",
	} {
		s.full(key)
	}
}
