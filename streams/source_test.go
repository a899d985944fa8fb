package streams_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/streams"
)

// full is a channel that holds numbers and stays open.
func full(n int) chan int {
	in := make(chan int, n)
	for i := range n {
		in <- i
	}
	return in
}

func TestFromChannelReadsNoMoreThanIsTaken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		run  func(context.Context, streams.Stream[int]) error
		read int
	}{
		"take":              {func(ctx context.Context, s streams.Stream[int]) error { return s.Take(3).Drain(ctx) }, 3},
		"take after filter": {func(ctx context.Context, s streams.Stream[int]) error { return s.Filter(even).Take(3).Drain(ctx) }, 5},
		"take after map": {func(ctx context.Context, s streams.Stream[int]) error {
			return streams.Map(s, double).Take(3).Drain(ctx)
		}, 3},
		"take of batches": {func(ctx context.Context, s streams.Stream[int]) error {
			return streams.Batch(s, 4, 0).Take(2).Drain(ctx)
		}, 8},
		"take after flatmap": {func(ctx context.Context, s streams.Stream[int]) error {
			return streams.FlatMap(s, func(_ context.Context, n int) ([]int, error) { return []int{n, n}, nil }).Take(4).Drain(ctx)
		}, 2},
		"first": {func(ctx context.Context, s streams.Stream[int]) error { _, _, err := s.First(ctx); return err }, 1},
		"takewhile": {func(ctx context.Context, s streams.Stream[int]) error {
			return s.TakeWhile(func(n int) bool { return n < 4 }).Drain(ctx)
		}, 5},
		"any": {func(ctx context.Context, s streams.Stream[int]) error {
			_, err := s.Any(ctx, func(n int) bool { return n == 6 })
			return err
		}, 7},
		"all": {func(ctx context.Context, s streams.Stream[int]) error { _, err := s.All(ctx, even); return err }, 2},
		"break": {func(ctx context.Context, s streams.Stream[int]) error {
			for n, err := range s.Seq(ctx) {
				if n == 2 || err != nil {
					return err
				}
			}
			return nil
		}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := full(100)
			if err := c.run(t.Context(), streams.FromChannel(in)); err != nil {
				t.Fatal(err)
			}
			if got := 100 - len(in); got != c.read {
				t.Errorf("it read %d items, want %d", got, c.read)
			}
		})
	}
}

// TestAnItemIsHandedOnAtOnce holds for each source that waits, and for each step but those that gather or give more.
func TestAnItemIsHandedOnAtOnce(t *testing.T) {
	t.Parallel()
	for name, shape := range shapes() {
		if name == "timed batch" || name == "all" || name == "expand" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in, began, n := make(chan int), time.Now(), 0
				go func() {
					defer close(in)
					for i := range 50 {
						<-time.After(time.Second)
						in <- i
					}
				}()
				err := shape(streams.FromChannel(in)).ForEach(t.Context(), func(context.Context, int) error {
					n++
					if late := time.Since(began) - time.Duration(n)*time.Second; late != 0 {
						t.Errorf("item %d is %v late", n, late)
					}
					return nil
				})
				if err != nil || n != 50 {
					t.Errorf("got %d items and error %v, want 50", n, err)
				}
			})
		})
	}
}

func TestASlowIteratorHandsItemsOnAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(yield func(time.Time) bool) {
			for range 20 {
				<-time.After(time.Second)
				if !yield(time.Now()) {
					return
				}
			}
		}
		for at, err := range streams.FromSeq(slow).Seq(t.Context()) {
			if err != nil || time.Since(at) != 0 {
				t.Fatalf("an item is %v late, error %v", time.Since(at), err)
			}
		}
		n, err := streams.FromSeq(slow).Tap(func(at time.Time) {
			if late := time.Since(at); late != 0 {
				t.Errorf("an item is %v late", late)
			}
		}).Count(t.Context())
		if n != 20 || err != nil {
			t.Errorf("got %d items and error %v, want 20", n, err)
		}
	})
}

func TestFromSeq2EndsWithTheErrorAfterTheItemsBefore(t *testing.T) {
	t.Parallel()
	var seq iter.Seq2[int, error] = func(yield func(int, error) bool) {
		if yield(1, nil) && yield(2, nil) && yield(0, errBoom) {
			t.Error("it went on after an error")
		}
	}
	got, err := streams.FromSeq2(seq).Collect(t.Context())
	requireStage(t, err, "source", errBoom)
	requireItems(t, got, 1, 2)
}

func TestGenerateEndsWithItsError(t *testing.T) {
	t.Parallel()
	n := 0
	got, err := streams.Generate(func(context.Context) (int, bool, error) {
		if n++; n > 3 {
			return 0, true, errBoom
		}
		return n, true, nil
	}).Collect(t.Context())
	requireStage(t, err, "source", errBoom)
	requireItems(t, got, 1, 2, 3)
}

func TestTickGivesTheTimeEveryInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		got := collect(t, streams.Tick(time.Minute).Take(3))
		for i, at := range got {
			if want := time.Duration(i+1) * time.Minute; at.Sub(began) != want {
				t.Errorf("tick %d is at %v, want %v", i, at.Sub(began), want)
			}
		}
	})
}

func TestLinesAreThoseOfAScanner(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("ab\r\n")), 0, 200, -1).Draw(rt, "text")
		var want []string
		for sc := bufio.NewScanner(strings.NewReader(text)); sc.Scan(); {
			want = append(want, sc.Text())
		}
		for _, in := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
			got, err := streams.Lines(in).Collect(context.Background())
			if err != nil || strings.Join(got, "|") != strings.Join(want, "|") || len(got) != len(want) {
				rt.Fatalf("got %q and error %v, want %q", got, err, want)
			}
		}
	})
}

func TestLinesHandsALineOnBeforeTheNextComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out, in := io.Pipe()
		go func() {
			for range 3 {
				<-time.After(time.Second)
				_, _ = io.WriteString(in, time.Now().Format(time.RFC3339Nano)+"\nand a pa")
				_, _ = io.WriteString(in, "rt\n")
			}
			_ = in.Close()
		}()
		n, err := streams.Lines(out).Filter(func(line string) bool { return line != "and a part" }).Tap(func(line string) {
			if line != time.Now().Format(time.RFC3339Nano) {
				t.Errorf("line %q came at %v", line, time.Now())
			}
		}).Count(t.Context())
		if n != 3 || err != nil {
			t.Errorf("got %d lines and error %v, want 3", n, err)
		}
	})
}

func TestLinesEndsWithTheReadersErrorOrALineTooLong(t *testing.T) {
	t.Parallel()
	got, err := streams.Lines(io.MultiReader(strings.NewReader("one\ntwo\n"), iotest.ErrReader(errBoom))).Collect(t.Context())
	requireStage(t, err, "lines", errBoom)
	requireItems(t, got, "one", "two")
	long := strings.Repeat("x", streams.MaxLine)
	got, err = streams.Lines(strings.NewReader(long + "\r\n" + long + "x\ny\n")).Collect(t.Context())
	if err == nil || len(got) != 1 {
		t.Fatalf("got %d lines and error %v", len(got), err)
	}
	requireStage(t, err, "lines", bufio.ErrTooLong)
	if !errors.Is(err, bufio.ErrTooLong) {
		t.Errorf("got %v", err)
	}
}
