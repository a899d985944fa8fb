package label_test

import (
	"bytes"
	"context"
	"runtime/pprof"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/internal/label"
)

// labelled reports whether a goroutine in a function of this test has the labels.
func labelled(t *testing.T, function, labels string) bool {
	t.Helper()
	var out bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&out, 1); err != nil {
		t.Fatal(err)
	}
	for entry := range strings.SplitSeq(out.String(), "\n\n") {
		if strings.Contains(entry, function+"+0x") {
			return strings.Contains(entry, labels)
		}
	}
	t.Fatalf("no goroutine is in %s:\n%s", function, out.String())
	return false
}

func standHere(here chan<- struct{}, end <-chan struct{}) {
	here <- struct{}{}
	<-end
}

func TestAGoroutineInheritsTheLabelsOfWhoStartsIt(t *testing.T) {
	here, end := make(chan struct{}), make(chan struct{})
	defer close(end)
	label.Do(t.Context(), "pool", "images", func(context.Context) { go standHere(here, end) })
	<-here
	if !labelled(t, "label_test.standHere", `{"goflow.kind":"pool", "goflow.name":"images"}`) {
		t.Error("the goroutine has not the labels of the one that started it")
	}
}

func standThere(here chan<- struct{}, end <-chan struct{}) {
	label.NewMark("limiter", "api").Label()
	here <- struct{}{}
	<-end
}

func TestAMarkLabelsAGoroutineInPlaceOfWhatItInherited(t *testing.T) {
	here, end := make(chan struct{}), make(chan struct{})
	defer close(end)
	label.Do(t.Context(), "pool", "images", func(context.Context) { go standThere(here, end) })
	<-here
	if !labelled(t, "label_test.standThere", `{"goflow.kind":"limiter", "goflow.name":"api"}`) {
		t.Error("the goroutine has not the labels of the mark")
	}
}
