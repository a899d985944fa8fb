package flowredis_test

import (
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/contrib/flowredis"
)

func TestStepsBackAreSeenUnlessTheyAreShorterThanACallWasOnItsWay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const life = 450 * time.Millisecond // of a loan, less a margin
		var looks []*flowredis.Look
		c := flowredis.NewClockWatch()
		way := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.IntRange(0, rapid.SampledFrom([]int{1, 5, 50, 500}).Draw(t, "most")).Draw(t, "ms")) * time.Millisecond
		})
		for range rapid.IntRange(1, 40).Draw(t, "calls") {
			c.Pass(time.Duration(rapid.IntRange(0, 100).Draw(t, "pause")) * time.Millisecond)
			there, back, step := way.Draw(t, "there"), way.Draw(t, "back"), way.Draw(t, "step")
			look, seen := c.Call(there, back, step)
			if seen {
				looks = nil // all loans have ended
			}
			for _, before := range looks {
				age := look.At - before.At
				if age > life {
					continue
				}
				if unseen, most := look.Stepped-before.Stepped, there+before.Back+age/20+2*time.Millisecond; !seen && unseen > most {
					t.Fatalf("the clock went back by %v in %v and a call of %v did not see it, want %v at the most", unseen, age, there, most)
				}
			}
			looks = append(looks, look)
		}
	})
}

func TestALoanThatIsTakenUpAfterTheClockWentBackIsRefused(t *testing.T) {
	t.Parallel()
	for _, kind := range []int{1, 2, 3} {
		for _, step := range []time.Duration{100 * time.Millisecond, time.Second} {
			synctest.Test(t, func(t *testing.T) {
				w := pair(1, loans[0], simWay)
				defer w.End()
				w.Demand(3000, 20)
				w.Run(3 * time.Second)
				w.Late("borrow", 700*time.Millisecond, 0)
				w.Run(200 * time.Millisecond)
				w.Fault(0, 1, kind)
				w.Fault(1, 0, kind)
				w.Step(0, -step)
				w.Run(2 * time.Second)
				bounded(t, 1, w)
			})
		}
	}
}

func TestALoanEndsInTimeWhenTheClockWentBackAndNoOneWasThereToSee(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			w := pair(1, loans[0], simWay)
			defer w.End()
			w.Demand(3000, 20)
			w.Run(3 * time.Second)
			for from := range 2 { // no one reaches anything
				w.Fault(from, 1-from, 1)
			}
			w.Fault(0, 0, 1)
			w.Run(step + 10*time.Millisecond)
			w.Step(0, -step)
			w.Run(time.Second)
			w.Fault(0, 0, 0)
			w.Run(time.Second)
			bounded(t, 1, w)
		})
	}
}

func TestAQuestionSaysWhatWasTakenUpThoughTheViewIsOfBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := pair(1, loans[0], simWay)
		defer w.End()
		w.Demand(3000, 20)
		w.Late("tick", 0, 30*time.Millisecond) // so loans are taken up while a view is on its way
		w.Run(10 * time.Second)
		if w.Refused > 0 {
			t.Errorf("%d questions were refused though no message was lost", w.Refused)
		}
		bounded(t, 1, w)
	})
}

func TestALenderIsNotAskedForMoreWhenAnswersAreLost(t *testing.T) {
	t.Parallel()
	for offset := range 10 {
		synctest.Test(t, func(t *testing.T) {
			w := pair(1, loans[0], 4*time.Millisecond)
			defer w.End()
			w.Demand(3000, 20)
			w.Run(3*time.Second + 17*time.Duration(offset)*time.Millisecond)
			w.Fault(0, 1, 2) // a question or two
			w.Run(150 * time.Millisecond)
			w.Fault(0, 1, 3)
			w.Run(830 * time.Millisecond) // a tick, a way, another tick, a loan and a margin
			if lent, borrowed := w.Lent(1, 0); lent+borrowed > 0 {
				t.Errorf("%d: 830ms after the cut %.3f is lent, and %.3f borrowed", offset, lent, borrowed)
			}
		})
	}
}
