package flowadmin_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core"
)

func TestEnginesAreListedByKindAndNameUntilRemoved(t *testing.T) {
	t.Parallel()
	var engines flowadmin.Engines
	var removeLast func()
	for _, e := range []flowadmin.Engine{{Kind: "limiter", Name: "b"}, {Kind: "breaker", Name: "z"}, {Kind: "limiter", Name: "a"}} {
		remove, err := engines.Add(e)
		if err != nil {
			t.Fatal(err)
		}
		removeLast = remove
	}
	names := func() (list []string) {
		for _, e := range engines.List() {
			list = append(list, e.Kind+"/"+e.Name)
		}
		return list
	}
	if got := strings.Join(names(), " "); got != "breaker/z limiter/a limiter/b" {
		t.Errorf("got %s", got)
	}
	if _, ok := engines.Find("limiter", "a"); !ok {
		t.Error("limiter a is not found")
	}
	removeLast()
	removeLast()
	if got := strings.Join(names(), " "); got != "breaker/z limiter/b" {
		t.Errorf("after the removal: got %s", got)
	}
	if _, ok := engines.Find("limiter", "a"); ok {
		t.Error("limiter a is found after its removal")
	}
}

func TestWrongEnginesAreErrors(t *testing.T) {
	t.Parallel()
	do := func(context.Context, map[string]string) (string, error) { return "", nil }
	for name, c := range map[string]struct {
		engine flowadmin.Engine
		want   string
	}{
		"no kind":              {flowadmin.Engine{Name: "a"}, "Engine.Kind must not be empty"},
		"no name":              {flowadmin.Engine{Kind: "job"}, "Engine.Name must not be empty"},
		"one that exists":      {flowadmin.Engine{Kind: "job", Name: "there"}, `a job "there" exists`},
		"an action without do": {flowadmin.Engine{Kind: "job", Name: "a", Actions: []flowadmin.Action{{Name: "run"}}}, `Action.Do must not be nil, got "run"`},
		"an action twice": {
			flowadmin.Engine{Kind: "job", Name: "a", Actions: []flowadmin.Action{{Name: "run", Do: do}, {Name: "run", Do: do}}},
			"Action.Name must be that of no other action",
		},
		"a param without a name": {
			flowadmin.Engine{Kind: "job", Name: "a", Actions: []flowadmin.Action{{Name: "run", Do: do, Params: []flowadmin.Param{{}}}}},
			"Param.Name must not be empty",
		},
	} {
		var engines flowadmin.Engines
		if _, err := engines.Add(flowadmin.Engine{Kind: "job", Name: "there"}); err != nil {
			t.Fatal(err)
		}
		_, err := engines.Add(c.engine)
		if !errors.Is(err, core.ErrInvalid) || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, c.want)
		}
	}
}

func TestEnginesAreBounded(t *testing.T) {
	t.Parallel()
	var engines flowadmin.Engines
	var err error
	n := 0
	for ; n < 2000 && err == nil; n++ {
		_, err = engines.Add(flowadmin.Engine{Kind: "job", Name: fmt.Sprint(n)})
	}
	if n != 1001 || !errors.Is(err, core.ErrInvalid) {
		t.Errorf("engine %d: got %v", n, err)
	}
}
