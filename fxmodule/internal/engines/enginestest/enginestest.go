// Package enginestest tells tests which engines of an fx application its console knows.
package enginestest

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
)

// Require runs an application that has a console's engines in its graph. It requires that those called want
// ("breaker/payments job/sweep") are known while it runs, when use gets a function that does an action of one
// of them, and none before and after. Then it runs the application once more, without the console.
func Require(t *testing.T, want string, use func(act Act), opts ...fx.Option) {
	t.Helper()
	var engines flowadmin.Engines
	require := func(when, want string) {
		t.Helper()
		if got := names(&engines); got != want {
			t.Errorf("%s: got engines %q, want %q", when, got, want)
		}
	}
	run(t, func() {
		require("while it runs", want)
		use(func(engine, action string, args map[string]string) string {
			t.Helper()
			return act(t, &engines, engine, action, args)
		})
	}, fx.Supply(&engines), fx.Options(opts...), fx.Invoke(func() { require("before the start", "") }))
	require("after the stop", "")
	run(t, func() {}, opts...)
}

// Act does an action of an engine, as "job/sweep", and gives what it says.
type Act func(engine, action string, args map[string]string) string

func run(t *testing.T, use func(), opts ...fx.Option) {
	t.Helper()
	a := fx.New(fx.NopLogger, fx.Options(opts...))
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	use()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := a.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func names(engines *flowadmin.Engines) string {
	var list []string
	for _, e := range engines.List() {
		list = append(list, e.Kind+"/"+e.Name)
	}
	return strings.Join(list, " ")
}

func act(t *testing.T, engines *flowadmin.Engines, engine, action string, args map[string]string) string {
	t.Helper()
	kind, name, _ := strings.Cut(engine, "/")
	found, _ := engines.Find(kind, name)
	for _, a := range found.Actions {
		if a.Name == action {
			text, err := a.Do(t.Context(), args)
			if err != nil {
				t.Errorf("%s %s: %v", action, engine, err)
			}
			return text
		}
	}
	t.Errorf("%s has no action %s", engine, action)
	return ""
}
