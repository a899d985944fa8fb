package writer_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams/writer"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestEveryNameIsThereFromBirth(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	newWriter(t, &sink{}, small, writer.WithTelemetry(rec.Options()...))
	for _, outcome := range []string{"accepted", "written", "dropped", "lost", "rejected"} {
		rec.RequireSum("goflow.writer.writes", 0, flowconv.WriterNameKey.String("access-log"), flowconv.WriterOutcomeKey.String(outcome))
		rec.RequireSum("goflow.writer.io", 0, flowconv.WriterNameKey.String("access-log"), flowconv.WriterOutcomeKey.String(outcome))
	}
	rec.RequireSum("goflow.writer.buffer.usage", 0)
	rec.RequireSum("goflow.writer.buffer.capacity", 300)
	rec.RequireDeclared()
}

func TestWhatBecomesOfWritesIsMetered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		s := (&sink{}).then(slowly(time.Second), panics)
		w := newWriter(t, s, with(small, func(c *writer.Config) { c.Overflow = writer.DropOldest }), writer.WithTelemetry(rec.Options()...))
		write(t, w, 0, 11)
		synctest.Wait()
		write(t, w, 11, 34)
		_, _ = w.Write(make([]byte, 1000))
		rec.RequireSum("goflow.writer.buffer.usage", 250)
		pass(2 * time.Second)
		_ = w.Close()
		for outcome, n := range map[string]int64{"accepted": 45, "written": 15, "dropped": 20, "lost": 10} {
			rec.RequireSum("goflow.writer.writes", n, flowconv.WriterOutcomeKey.String(outcome))
			rec.RequireSum("goflow.writer.io", 10*n, flowconv.WriterOutcomeKey.String(outcome))
		}
		rec.RequireSum("goflow.writer.io", 1000, flowconv.WriterOutcomeKey.String("rejected"))
		rec.RequireCount("goflow.writer.flush.duration", 1, flowconv.ErrorTypeKey.String(core.TypePanic))
		rec.RequireNoMetric("goflow.writer.buffer.usage")
		rec.RequireDeclared()
		rec.RequireEmitted("goflow.writer.")
	})
}

func TestASinkThatFailsIsToldOnceAndWhenItRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		s := (&sink{}).then(badly, badly, badly)
		w := newWriter(t, s, small, writer.WithTelemetry(rec.Options()...))
		write(t, w, 0, 11)
		pass(time.Minute)
		rec.RequireEvent("goflow.writer.state_change", flowconv.WriterNameKey.String("access-log"),
			flowconv.WriterStateKey.String("failing"), flowconv.ErrorTypeKey.String(core.TypeOther))
		rec.RequireEvent("goflow.writer.state_change", flowconv.WriterStateKey.String("recovered"))
		if n := len(rec.Logs()); n != 2 {
			t.Errorf("%d events, want 2", n)
		}
		if n := len(rec.Spans()); n != 0 {
			t.Errorf("%d spans, want none", n)
		}
		rec.RequireDeclared()
		_ = w.Close()
	})
}
