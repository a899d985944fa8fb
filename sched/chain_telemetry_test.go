package sched_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

var chainOutcomes = []string{"success", "failure", "retried", "undone", "undo_failed"}

func TestChainCountsEveryOutcomeFromBirth(t *testing.T) {
	t.Parallel()
	rec, j := telemetrytest.New(t), &journal{}
	chain := newChain(t, sched.ChainConfig{}, []sched.Step{j.step("a"), j.step("b")}, sched.WithTelemetry(rec.Options()...))
	for _, step := range []string{"a", "b"} {
		for _, outcome := range chainOutcomes {
			rec.RequireSum("goflow.chain.steps", 0, flowconv.ChainNameKey.String("order"),
				flowconv.ChainStepKey.String(step), flowconv.ChainOutcomeKey.String(outcome))
		}
	}
	if err := chain.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	chain.Close()
	chain.Close()
	rec.RequireSum("goflow.chain.steps", 2, flowconv.ChainOutcomeKey.String("success"))
	if n := len(rec.Spans()); n != 0 {
		t.Errorf("%d spans without a parent, want none", n)
	}
}

func TestChainTracesEachStepUnderItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec, j := telemetrytest.New(t), &journal{}
		ctx, parent := rec.StartSpan(t.Context(), "checkout")
		inner := func(ctx context.Context) error {
			_, span := rec.StartSpan(ctx, "inside")
			span.End()
			return nil
		}
		b := j.step("b", errStep)
		b.OnError = sched.Retry(1, time.Second)
		steps := []sched.Step{{Name: "a", Do: inner, Undo: j.task("-a", errUndo)}, b, j.step("c", errStep)}
		chain := newChain(t, sched.ChainConfig{}, steps, sched.WithTelemetry(rec.Options()...))
		if err := chain.Run(ctx); !errors.Is(err, errStep) {
			t.Fatal(err)
		}
		parent.End()

		at := func(verb, step string, more ...attribute.KeyValue) time.Duration {
			t.Helper()
			s := rec.RequireSpan(verb+" order", append(more, flowconv.ChainNameKey.String("order"), flowconv.ChainStepKey.String(step))...)
			if s.Parent().SpanID() != parent.SpanContext().SpanID() {
				t.Errorf("%s %s is not a child of the caller's span", verb, step)
			}
			if failed := len(more) > 0; failed != (s.Status().Code == codes.Error) {
				t.Errorf("%s %s: status %v", verb, step, s.Status())
			}
			return s.EndTime().Sub(s.StartTime())
		}
		other := flowconv.ErrorTypeKey.String(core.TypeOther)
		at("step", "a")
		at("step", "c", other)
		at("undo", "a", other)
		at("undo", "b")
		if took := at("step", "b"); took != time.Second {
			t.Errorf("the step took %v with its retry, want 1s", took)
		}
		if inside := rec.RequireSpan("inside"); inside.Parent().SpanID() == parent.SpanContext().SpanID() {
			t.Error("what a step does is not under the step")
		}
		for step, want := range map[string][]int64{"a": {1, 0, 0, 0, 1}, "b": {1, 0, 1, 1, 0}, "c": {0, 1, 0, 0, 0}} {
			for i, outcome := range chainOutcomes {
				rec.RequireSum("goflow.chain.steps", want[i], flowconv.ChainStepKey.String(step), flowconv.ChainOutcomeKey.String(outcome))
			}
		}
		rec.RequireDeclared()
		rec.RequireEmitted("goflow.chain.")
	})
}
