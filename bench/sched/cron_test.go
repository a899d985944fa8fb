package sched_test

import (
	"errors"
	"path"
	"testing"
	"time"
	_ "time/tzdata" // zones on every machine

	"github.com/adhocore/gronx"
	netresearch "github.com/netresearch/go-cron"
	"github.com/reugn/go-quartz/quartz"
	"github.com/robfig/cron/v3"

	"github.com/goflow-go/goflow/bench/internal/side"
)

var newYork = func() *time.Location {
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err) // tzdata is linked
	}
	return loc
}()

// expression is the same schedule as five fields, and as go-quartz has it.
type expression struct{ name, fields, quartz string }

var (
	everyFive = expression{"every-5-min", "*/5 * * * *", "0 */5 * * * *"}
	daily     = expression{"daily-0230", "30 2 * * *", "0 30 2 * * *"}
	workdays  = expression{"workdays", "0,30 9-17 * * MON-FRI", "0 0,30 9-17 ? * MON-FRI"}
)

// crons read expressions, and say when one matches next: compile gives what does.
var crons = []struct {
	impl    string
	parse   func(expression) error
	compile func(expression, *time.Location) (func(time.Time) (time.Time, error), error)
}{
	{"goflow", parseGoflow, compileGoflow},
	{"robfig", func(e expression) error {
		_, err := cron.ParseStandard(e.fields)
		return err
	}, compileRobfig},
	{"netresearch", func(e expression) error {
		_, err := netresearch.ParseStandard(e.fields)
		return err
	}, compileNetresearch},
	{"go-quartz", func(e expression) error {
		_, err := quartz.NewCronTriggerWithLoc(e.quartz, newYork)
		return err
	}, compileQuartz},
	{"gronx", func(e expression) error {
		if !gronx.IsValid(e.fields) {
			return errors.New("invalid")
		}
		return nil
	}, compileGronx},
}

func compileRobfig(e expression, _ *time.Location) (func(time.Time) (time.Time, error), error) {
	s, err := cron.ParseStandard(e.fields)
	return func(t time.Time) (time.Time, error) { return s.Next(t), nil }, err
}

func compileNetresearch(e expression, _ *time.Location) (func(time.Time) (time.Time, error), error) {
	s, err := netresearch.ParseStandard(e.fields)
	return func(t time.Time) (time.Time, error) { return s.Next(t), nil }, err
}

func compileQuartz(e expression, loc *time.Location) (func(time.Time) (time.Time, error), error) {
	trigger, err := quartz.NewCronTriggerWithLoc(e.quartz, loc)
	return func(t time.Time) (time.Time, error) {
		next, err := trigger.NextFireTime(t.UnixNano())
		return time.Unix(0, next), err
	}, err
}

// compileGronx makes what reads the expression each time: the library has no schedule to keep.
func compileGronx(e expression, _ *time.Location) (func(time.Time) (time.Time, error), error) {
	return func(t time.Time) (time.Time, error) { return gronx.NextTickAfter(e.fields, t, false) }, nil
}

// BenchmarkCronParse reads an expression.
func BenchmarkCronParse(b *testing.B) {
	for _, e := range []expression{everyFive, workdays} {
		b.Run(e.name, func(b *testing.B) {
			for _, c := range crons {
				b.Run("impl="+c.impl+"/serial", func(b *testing.B) {
					side.Serial(b, func() bool { return c.parse(e) == nil }, true)
				})
			}
		})
	}
}

// BenchmarkCronNext goes from each occurrence to the next, through two years and again.
func BenchmarkCronNext(b *testing.B) {
	for _, e := range []expression{everyFive, daily} {
		for _, loc := range []*time.Location{time.UTC, newYork} {
			b.Run(e.name+"/zone="+path.Base(loc.String()), func(b *testing.B) {
				for _, c := range crons {
					b.Run("impl="+c.impl+"/serial", func(b *testing.B) {
						next, err := c.compile(e, loc)
						if err != nil {
							b.Fatal(err)
						}
						side.Serial(b, walk(next, loc), true)
					})
				}
			})
		}
	}
}

// lost is how often a walk may be helped on: go-quartz finds nothing after some changes of clocks, or
// what is past.
const lost = 8

// walk gives what takes a step, and reports whether it led on.
func walk(next func(time.Time) (time.Time, error), loc *time.Location) func() bool {
	from := time.Date(2026, time.January, 1, 0, 0, 0, 0, loc)
	until := from.AddDate(2, 0, 0)
	t, astray := from, 0
	return func() bool {
		to, err := next(t)
		if err != nil || !to.After(t) {
			to = t.Add(time.Hour)
			astray++
		}
		ok := astray <= lost
		if t = to; !t.Before(until) {
			t, astray = from, 0
		}
		return ok
	}
}
