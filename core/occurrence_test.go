package core_test

import (
	"testing"
	"time"

	"github.com/goflow-go/goflow/core"
)

func TestOccurrenceIsWhatTheContextWasGiven(t *testing.T) {
	t.Parallel()
	if o, ok := core.OccurrenceOf(t.Context()); ok {
		t.Errorf("a context without an occurrence has %+v", o)
	}
	want := core.Occurrence{Job: "report", Time: time.Unix(1_800_000_000, 0)}
	if got, ok := core.OccurrenceOf(core.WithOccurrence(t.Context(), want)); !ok || got != want {
		t.Errorf("got %+v, %v, want %+v", got, ok, want)
	}
}
