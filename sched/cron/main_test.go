package cron_test

import (
	"testing"
	"time"
	_ "time/tzdata" // zones, whatever the machine has

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/sched/cron"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func parse(t testing.TB, expr string, loc *time.Location) *cron.Schedule {
	t.Helper()
	s, err := cron.Parse(expr, loc)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}
