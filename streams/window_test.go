package streams_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

func second(n int) time.Time { return time.Unix(int64(n), 0).UTC() }

func none() []int { return nil }

func plus(acc []int, n int) []int { return append(slices.Clip(acc), n) }

// shown is windows as text: from-to[items].
func shown(windows []streams.Window[[]int]) string {
	var all []string
	for _, w := range windows {
		all = append(all, fmt.Sprintf("%d-%d%v", w.Start.Unix(), w.End.Unix(), w.Value))
		if w.Count != len(w.Value) {
			all = append(all, fmt.Sprintf("but counted %d", w.Count))
		}
	}
	return strings.Join(all, " ")
}

// model is windows in plain code, from all that were ever made: slow and obvious.
type model struct {
	windows []streams.Window[[]int]
	done    string
	late    []int
}

func (m *model) fire(mark int) {
	slices.SortStableFunc(m.windows, func(a, b streams.Window[[]int]) int { return a.End.Compare(b.End) })
	for len(m.windows) > 0 && m.windows[0].End.Unix() <= int64(mark) {
		m.done = strings.TrimSpace(m.done + " " + shown(m.windows[:1]))
		m.windows = m.windows[1:]
	}
}

func (m *model) slide(items []int, size, slide, lateness int) {
	mark := -1 << 40
	for _, n := range items {
		late := true
		for start := -100 * slide; start <= n; start += slide {
			if n >= start+size || start+size <= mark {
				continue
			}
			late = false
			i := slices.IndexFunc(m.windows, func(w streams.Window[[]int]) bool { return w.Start.Equal(second(start)) })
			if i < 0 {
				i = len(m.windows)
				m.windows = append(m.windows, streams.Window[[]int]{Start: second(start), End: second(start + size)})
			}
			m.windows[i].Value = append(m.windows[i].Value, n)
			m.windows[i].Count++
		}
		if late {
			m.late = append(m.late, n)
		}
		mark = max(mark, n-lateness)
		m.fire(mark)
	}
	m.fire(1 << 40)
}

func (m *model) sessions(items []int, gap, lateness int) {
	mark := -1 << 40
	for _, n := range items {
		own := streams.Window[[]int]{Start: second(n), End: second(n + gap)}
		var rest []streams.Window[[]int]
		for _, w := range m.windows {
			if own0 := second(n); own0.Before(w.End) && second(n+gap).After(w.Start) {
				if w.Start.Before(own.Start) {
					own.Start = w.Start
				}
				if w.End.After(own.End) {
					own.End = w.End
				}
				own.Value = append(own.Value, w.Value...)
			} else {
				rest = append(rest, w)
			}
		}
		if len(own.Value) == 0 && n+gap <= mark {
			m.late = append(m.late, n)
		} else {
			own.Value = append(own.Value, n)
			own.Count = len(own.Value)
			m.windows = slices.Concat(rest, []streams.Window[[]int]{own})
		}
		mark = max(mark, n-lateness)
		m.fire(mark)
	}
	m.fire(1 << 40)
}

func TestWindowsAreThoseOfPlainCodeWhateverTheChunks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		items := rapid.SliceOfN(rapid.IntRange(0, 60), 0, 60).Draw(rt, "items")
		slide := rapid.IntRange(1, 10).Draw(rt, "slide")
		size := slide * rapid.IntRange(1, 3).Draw(rt, "size")
		lateness := rapid.IntRange(0, 30).Draw(rt, "lateness")
		sliding := rapid.Bool().Draw(rt, "sliding")
		var want model
		if sliding {
			want.slide(items, size, slide, lateness)
		} else {
			want.sessions(items, size, lateness)
		}
		for length, chunk := range chunkings() {
			var late []int
			onLate := func(n int) { late = append(late, n) }
			s := streams.WithChunk(streams.FromSlice(items), chunk)
			windows := streams.Sessions(s, streams.SessionConfig[int]{
				Time: second, Gap: time.Duration(size) * time.Second, Lateness: time.Duration(lateness) * time.Second, OnLate: onLate,
			}, none, plus, func(a, b []int) []int { return slices.Concat(a, b) })
			if sliding {
				windows = streams.Windows(s, streams.WindowConfig[int]{
					Time: alignedTo(slide), Size: time.Duration(size) * time.Second, Slide: time.Duration(slide) * time.Second,
					Lateness: time.Duration(lateness) * time.Second, OnLate: onLate,
				}, none, plus)
			}
			got, err := windows.Collect(context.Background())
			if sliding {
				for i := range got {
					got[i].Start, got[i].End = got[i].Start.Add(-offset(slide)), got[i].End.Add(-offset(slide))
				}
			}
			if err != nil || shown(got) != want.done || !slices.Equal(late, want.late) {
				rt.Fatalf("chunks of %s: got %s late %v error %v, want %s late %v", length, shown(got), late, err, want.done, want.late)
			}
		}
	})
}

// offset is how far the epoch of Unix is from where windows are aligned, and alignedTo moves items by
// it, so that the model may count from 0.
func offset(slide int) time.Duration {
	d := time.Duration(slide) * time.Second
	return second(0).Truncate(d).Sub(second(0))
}

func alignedTo(slide int) func(int) time.Time {
	return func(n int) time.Time { return second(n).Add(offset(slide)) }
}

func TestWindowsAreBounded(t *testing.T) {
	t.Parallel()
	cfg := streams.WindowConfig[int]{Time: second, Size: time.Second, Lateness: time.Hour, MaxOpen: 5}
	err := streams.Windows(streams.FromSlice(numbers(6)), cfg, none, plus).Drain(t.Context())
	requireStage(t, err, "windows", core.ErrRejected)
	err = streams.Windows(streams.FromSlice(numbers(6)), streams.WindowConfig[int]{Slide: 5, Size: 3}, none, plus).Drain(t.Context())
	if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "Time must be set") || !strings.Contains(err.Error(), "Slide must be") {
		t.Errorf("got error %v, want what is wrong with the config", err)
	}
}
