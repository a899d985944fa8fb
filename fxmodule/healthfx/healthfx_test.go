package healthfx_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/fxmodule/healthfx"
)

// counted is a check that counts its runs.
func counted(name string, runs *int) func() health.Check {
	return func() health.Check {
		return health.Check{Name: name, Run: func(context.Context) error { *runs++; return nil }}
	}
}

func app(opts ...fx.Option) *fx.App {
	return fx.New(fx.NopLogger, healthfx.Module, fx.Invoke(func(*health.Registry) {}), fx.Options(opts...))
}

func TestChecksRunFromStartToStop(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config fx.Option
		want   int // runs in 25 s
	}{
		"every 10 s by default":   {fx.Options(), 3},
		"as often as Config says": {fx.Supply(health.Config{Interval: 5 * time.Second}), 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var a, b int
				app := app(c.config, healthfx.AsCheck(counted("a", &a)), healthfx.AsCheck(counted("b", &b)))
				<-time.After(time.Minute)
				if a+b != 0 {
					t.Error("checks ran before the start")
				}
				if err := app.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				<-time.After(25*time.Second + time.Millisecond)
				if err := app.Stop(t.Context()); err != nil {
					t.Fatal(err)
				}
				<-time.After(time.Minute)
				if a != c.want || b != c.want {
					t.Errorf("checks ran %d and %d times, want %d", a, b, c.want)
				}
			})
		})
	}
}

func TestAChecksConstructorTakesFromTheGraphAndMayFail(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	if err := app(fx.Supply("database"), healthfx.AsCheck(func(name string) (health.Check, error) {
		return counted(name, new(int))(), nil
	})).Err(); err != nil {
		t.Error(err)
	}
	if err := app(healthfx.AsCheck(func() (health.Check, error) { return health.Check{}, boom })).Err(); !errors.Is(err, boom) {
		t.Errorf("Err = %v, want boom", err)
	}
}

func TestAsCheckRefusesWhatMakesNoCheck(t *testing.T) {
	t.Parallel()
	for name, constructor := range map[string]any{
		"nil":                           nil,
		"a check itself":                health.Check{},
		"a function that makes nothing": func() {},
		"a pointer":                     func() *health.Check { return nil },
		"the error first":               func() (error, health.Check) { return nil, health.Check{} }, //nolint:staticcheck // that is the fault
		"a check and something else":    func() (health.Check, string) { return health.Check{}, "" },
		"a check, an error and more":    func() (health.Check, error, string) { return health.Check{}, nil, "" }, //nolint:staticcheck // that is the fault
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fx.ValidateApp(fx.NopLogger, healthfx.Module, healthfx.AsCheck(constructor))
			if err == nil || !strings.Contains(err.Error(), "healthfx: AsCheck wants a function that returns a health.Check, got ") {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestABadCheckOrConfigIsAnErrorOfTheApplication(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opt  fx.Option
		want string
	}{
		"two checks of one name": {
			fx.Options(healthfx.AsCheck(counted("db", new(int))), healthfx.AsCheck(counted("db", new(int)))),
			`check "db" exists`,
		},
		"a check without a name": {healthfx.AsCheck(counted("", new(int))), "Check.Name must not be empty"},
		"a bad config":           {fx.Supply(health.Config{Interval: -1}), "Interval must not be negative"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := app(c.opt).Err()
			if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("err = %v, want %q", err, c.want)
			}
		})
	}
}
