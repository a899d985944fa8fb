package console_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/contrib/flowadmin/console"
)

// traffic makes traces of 4 spans, which take a while, at a rate for some seconds. A trace's root ends
// last. It gives the ids of the traces that have ended.
func (s *sdk) traffic(rate, seconds int, took time.Duration) []trace.TraceID {
	var ids []trace.TraceID
	var open []func() trace.TraceID
	step := time.Second / time.Duration(rate)
	delay := int(took / step)
	filler := trace.WithAttributes(attribute.String("filler", string(make([]byte, 200))))
	for range rate * seconds {
		ctx, root := s.tracer.Start(context.Background(), "request", filler)
		s.span(ctx, "first", filler)
		open = append(open, func() trace.TraceID {
			s.span(ctx, "second", filler)
			s.span(ctx, "third", filler)
			root.End()
			return root.SpanContext().TraceID()
		})
		if len(open) > delay {
			ids = append(ids, open[0]())
			open = open[1:]
		}
		<-time.After(step)
	}
	for _, end := range open {
		ids = append(ids, end())
	}
	return ids
}

// poll looks at the load each second, as a console does.
func (s *sdk) poll(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
				_ = s.recorder.Collect(ctx, time.Now())
			}
		}
	}()
}

func TestLoadLeavesOutWholeTraces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSDK(t, console.RecorderConfig{MaxSpanBytes: 1 << 20})
		s.poll(t)
		s.traffic(10, 20, 300*time.Millisecond)
		if got := s.recorder.OneIn(); got != 1 {
			t.Errorf("at a low rate one in %d traces is kept, want all", got)
		}
		s.traffic(400, 30, 300*time.Millisecond)
		high := s.recorder.OneIn()
		if high < 16 || high > 128 {
			t.Errorf("at a rate of 400 one in %d traces is kept", high)
		}
		s.checkWhole(t, 4)
		s.traffic(50, 30, 300*time.Millisecond)
		if got := s.recorder.OneIn(); got >= high {
			t.Errorf("when the rate falls one in %d traces is kept still", got)
		}
		s.checkWhole(t, 4)
		s.traffic(2, 60, 300*time.Millisecond)
		if got := s.recorder.OneIn(); got != 1 {
			t.Errorf("when it is low again one in %d traces is kept, want all", got)
		}
		s.checkWhole(t, 4)
		<-time.After(30 * time.Second)
		ids := s.traffic(2, 10, 0)
		for _, id := range ids {
			if !s.recorder.Whole(id) {
				t.Errorf("trace %v is not kept", id)
			}
		}
	})
}

// checkWhole wants every trace that is listed to have all its spans.
func (s *sdk) checkWhole(t *testing.T, spans int) {
	t.Helper()
	counts, parts := s.recorder.SpanCounts(), 0
	for _, n := range counts {
		if n != spans {
			parts++
		}
	}
	if len(counts) == 0 || parts > 0 {
		t.Errorf("%d of %d traces are not whole", parts, len(counts))
	}
}
