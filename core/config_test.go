package core_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/core"
)

// secret is text under a name of its own.
type secret string

func TestFaultIsOneShortLine(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 10_000)
	cases := map[string]struct {
		value any
		want  string
	}{
		"a number":               {-1, `F is wrong, got -1`},
		"a duration":             {-time.Second, `F is wrong, got -1s`},
		"nil":                    {nil, `F is wrong, got <nil>`},
		"text":                   {"a b", `F is wrong, got "a b"`},
		"empty text":             {"", `F is wrong, got ""`},
		"text of another type":   {secret("s"), `F is wrong, got "s"`},
		"text of two lines":      {"a\nb", `F is wrong, got "a\nb"`},
		"bytes that are no text": {"\xff\x1b", `F is wrong, got "\xff\x1b"`},
		"long text":              {long, `F is wrong, got "` + long[:64] + `..."`},
		"a list of long text":    {[]string{long}, `F is wrong, got [` + long[:63] + `...`},
		"a list of lines":        {[]string{"a\nb"}, `F is wrong, got "[a\nb]"`},
		"an error of two lines":  {errors.Join(errFirst, errFirst), `F is wrong, got "first\nfirst"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &core.Fault{Field: "F", Value: c.value, Want: "is wrong"}
			if got := f.Error(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestConfigureNamesPackageInstanceFieldsAndValues(t *testing.T) {
	t.Parallel()
	var faults core.Faults
	faults.Require(true, "Fine", 1, "must be anything")
	faults.Require(false, "Rate", "0/s", "must be above 0")
	faults.Require(false, "Burst", -1, "must not be negative")
	err := core.Configure("limit", "checkout", faults.Err())
	want := `limit: "checkout": Rate must be above 0, got "0/s"; Burst must not be negative, got -1`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	var config *core.ConfigError
	var fault *core.Fault
	if !errors.As(err, &config) || config.Instance != "checkout" || !errors.As(err, &fault) || fault.Field != "Rate" {
		t.Errorf("%#v does not lead to its parts", err)
	}
	if !errors.Is(err, core.ErrInvalid) {
		t.Errorf("%v is not core.ErrInvalid", err)
	}
}

func TestConfigureChecksTheName(t *testing.T) {
	t.Parallel()
	const tooLong = "must have at most 128 bytes"
	cases := map[string]struct{ name, want string }{
		"empty":     {"", `p: "": name must not be empty, got ""`},
		"too long":  {strings.Repeat("n", 129), tooLong},
		"a novel":   {strings.Repeat("n\n", 1<<20), tooLong},
		"not UTF-8": {"a\xff", `p: "a\xff": name must be UTF-8, got "a\xff"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := core.Configure("p", c.name, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if text := err.Error(); len(text) > 300 || strings.Contains(text, "\n") {
				t.Errorf("%d bytes, not one short line: %.400q", len(text), text)
			}
		})
	}
	if err := core.Configure("p", strings.Repeat("n", 128), nil); err != nil {
		t.Errorf("128 bytes: %v", err)
	}
}

func TestFaultsWithoutFaultIsNil(t *testing.T) {
	t.Parallel()
	var faults core.Faults
	faults.Require(true, "F", 1, "must be anything")
	if err := faults.Err(); err != nil {
		t.Errorf("got %v", err)
	}
	if err := core.Configure("p", "n", nil); err != nil {
		t.Errorf("got %v", err)
	}
}
