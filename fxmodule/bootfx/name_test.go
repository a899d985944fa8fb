package bootfx_test

import (
	"testing"

	"github.com/goflow-go/goflow/fxmodule/bootfx"
)

func TestNamesAreShort(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ fx, want string }{
		"a function":                 {"github.com/x/store.Open()", "store.Open"},
		"a function of main":         {"main.run()", "main.run"},
		"a method":                   {"github.com/x/store.(*DB).Open-fm()", "store.DB.Open"},
		"a method of a value":        {"github.com/x/store.DB.Open-fm()", "store.DB.Open"},
		"a function in a function":   {"github.com/x/store.Open.func1()", "store.Open"},
		"one in that":                {"github.com/x/store.Open.func1.2.gowrap1()", "store.Open"},
		"one of a variable":          {"github.com/x/store.glob..func3()", "store.glob"},
		"a generic function":         {"github.com/x/store.Open[...]()", "store.Open"},
		"one in a generic function":  {"github.com/x/store.Open[...].func1()", "store.Open"},
		"a method of a generic type": {"github.com/x/store.(*Cache[...]).Get-fm()", "store.Cache.Get"},
		"an annotated function":      {`fx.Annotate(github.com/x/store.Open(), fx.ParamTags(["name:\"a()\""])`, "store.Open"},
		"the older annotation":       {`fx.Annotated{Name: "a", Target: github.com/x/store.Open()}`, "store.Open"},
		"a version in the path":      {"gopkg.in/store.v2.Open()", "store.v2.Open"},
		"nothing":                    {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := bootfx.NameOf(c.fx); got != c.want {
				t.Errorf("%q is %q, want %q", c.fx, got, c.want)
			}
		})
	}
}
