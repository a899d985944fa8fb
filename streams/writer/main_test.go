package writer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/streams/writer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = errors.New("down")

// sink is an io.Writer that does as each of its steps says, one for each call, and is well after the last.
type sink struct {
	mu    sync.Mutex
	steps []step
	text  []byte
	calls int
}

// step is how a sink answers one call: what it takes of p, and what it says.
type step func(p []byte) (take, n int, err error)

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	do := well
	if len(s.steps) > 0 {
		do, s.steps = s.steps[0], s.steps[1:]
	}
	s.calls++
	s.mu.Unlock()
	take, n, err := do(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, p[:take]...)
	return n, err
}

// then adds steps.
func (s *sink) then(steps ...step) *sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, steps...)
	return s
}

// got is what the sink took.
func (s *sink) got() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.text)
}

func (s *sink) called() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// The answers of sinks.
func well(p []byte) (take, n int, err error)  { return len(p), len(p), nil }
func badly([]byte) (take, n int, err error)   { return 0, 0, errDown }
func panics([]byte) (take, n int, err error)  { panic("sink") }
func nothing([]byte) (take, n int, err error) { return 0, 0, nil }

// short takes k bytes, and says so with or without an error.
func short(k int, err error) step {
	return func(p []byte) (int, int, error) { return min(k, len(p)), min(k, len(p)), err }
}

// lies takes everything or nothing, and says n.
func lies(all bool, n int, err error) step {
	return func(p []byte) (int, int, error) {
		if all {
			return len(p), n, err
		}
		return 0, n, err
	}
}

// more takes everything and says it was one byte more.
func more(p []byte) (take, n int, err error) { return len(p), len(p) + 1, nil }

// slowly takes d.
func slowly(d time.Duration) step {
	return func(p []byte) (int, int, error) {
		<-time.After(d)
		return well(p)
	}
}

// until waits for release.
func until(release <-chan struct{}) step {
	return func(p []byte) (int, int, error) {
		<-release
		return well(p)
	}
}

// always makes n times the same step.
func always(n int, s step) []step {
	steps := make([]step, n)
	for i := range steps {
		steps[i] = s
	}
	return steps
}

// newWriter makes a writer that is closed when t ends.
func newWriter(t testing.TB, s io.Writer, cfg writer.Config, opts ...writer.Option) *writer.Writer {
	t.Helper()
	w, err := writer.New("access-log", s, cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// write writes n records of 10 bytes: "record 01\n" and so on.
func write(t testing.TB, w io.Writer, from, n int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		if k, err := fmt.Fprint(w, record(i)); k != 10 || err != nil {
			t.Fatalf("record %d: got %d, %v, want it accepted", i, k, err)
		}
	}
}

func record(i int) string { return fmt.Sprintf("record %02d\n", i) }

// records are the records from first to last.
func records(first, last int) string {
	var b strings.Builder
	for i := first; i <= last; i++ {
		b.WriteString(record(i))
	}
	return b.String()
}

// requireLost checks the error of Flush or Close.
func requireLost(t testing.TB, err error, lost, pending, kept writer.Amount, cause error) {
	t.Helper()
	e, ok := errors.AsType[*writer.LostError](err)
	if !ok {
		t.Fatalf("got error %v, want a *LostError", err)
	}
	if e.Lost != lost || e.Pending != pending || e.Kept != kept || cause != nil && !errors.Is(err, cause) {
		t.Errorf("got %v lost, %v pending, %v kept, because of %v; want %v, %v, %v, %v",
			e.Lost, e.Pending, e.Kept, e.Err, lost, pending, kept, cause)
	}
}

// amount is of records of 10 bytes.
func amount(writes int64) writer.Amount { return writer.Amount{Writes: writes, Bytes: 10 * writes} }

// requireText checks what a sink took.
func requireText(t testing.TB, s *sink, want string) {
	t.Helper()
	if got := s.got(); got != want {
		t.Errorf("the sink got %q, want %q", got, want)
	}
}

// requireBalance checks that every accepted write is accounted for.
func requireBalance(t testing.TB, w *writer.Writer) writer.Stats {
	t.Helper()
	s := w.Stats()
	sum := writer.Amount{}
	for _, a := range []writer.Amount{s.Written, s.Dropped, s.Lost, s.Buffered, s.Spilled} {
		sum.Writes += a.Writes
		sum.Bytes += a.Bytes
	}
	if sum != s.Accepted {
		t.Errorf("accepted %v, but written, dropped, lost, buffered and spilled are %v: %+v", s.Accepted, sum, s)
	}
	return s
}

// pass lets time pass, and what was due in it happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// within is a context that ends after d.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// numbered makes the kth record of a producer, size bytes of body; it says how long it is, so a torn one shows.
func numbered(buf []byte, producer, k, size int) []byte {
	buf = fmt.Appendf(buf[:0], "<%d-%d-%d:", producer, k, size)
	for range size {
		buf = append(buf, byte('a'+(producer+k)%26))
	}
	return append(buf, '>')
}

var whole = regexp.MustCompile(`<(\d+)-(\d+)-(\d+):([a-z]*)>`)

// requireOrder checks that the whole records in text are as they were written, each once, those of a producer in
// order. It says how many there are.
func requireOrder(t interface{ Fatalf(string, ...any) }, text string) int {
	last := map[string]int{}
	found := whole.FindAllStringSubmatch(text, -1)
	for _, m := range found {
		k, _ := strconv.Atoi(m[2])
		size, _ := strconv.Atoi(m[3])
		producer, _ := strconv.Atoi(m[1])
		if before, ok := last[m[1]]; ok && k <= before {
			t.Fatalf("producer %s: record %d comes after %d", m[1], k, before)
		}
		last[m[1]] = k
		if want := strings.Repeat(string(rune('a'+(producer+k)%26)), size); m[4] != want {
			t.Fatalf("record %s has changed: got %q, want %q", m[0], m[4], want)
		}
	}
	return len(found)
}
