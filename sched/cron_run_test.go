package sched_test

import (
	"archive/zip"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

// zones are those whose clocks are set in unusual ways; with GOFLOW_CRON_YEARS set, all there are.
func zones(t *testing.T) (names []string, years int) {
	t.Helper()
	years, err := strconv.Atoi(os.Getenv("GOFLOW_CRON_YEARS"))
	if err != nil {
		return strings.Fields(`UTC Europe/Paris Europe/Dublin America/New_York America/Sao_Paulo America/Havana America/Santiago
			Asia/Kolkata Asia/Beirut Asia/Tehran Africa/Casablanca Africa/Cairo Australia/Lord_Howe Pacific/Chatham Pacific/Apia`), 1
	}
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for _, f := range r.File {
		if !strings.HasSuffix(f.Name, "/") {
			names = append(names, f.Name)
		}
	}
	return names, years
}

// The scheduler runs each job at each of the times that its expression gives, one after the other: none is
// missed, none comes twice, none is early. That these are the right times is package cron's affair.
func TestCronJobsRunAtEachOfTheirTimesInEveryZone(t *testing.T) {
	t.Parallel()
	names, years := zones(t)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScheduler(t, sched.Config{History: -1, ClockCheck: 24 * time.Hour}) // no clock is set here
				end := time.Now().AddDate(years, 0, 0)
				var mu sync.Mutex // jobs run beside each other
				counts := make(map[string]int)
				for _, expr := range []string{"30 2 * * *", "0 0 * * *", "*/45 1-3 * * SUN", "15 * * * SAT,SUN"} {
					trigger := sched.Cron(expr, name)
					want, _ := trigger.Next(time.Now())
					_, err := s.Schedule(t.Context(), expr, trigger, func(ctx context.Context) error {
						o, _ := core.OccurrenceOf(ctx)
						if !o.Time.Equal(want) || !time.Now().Equal(want) {
							t.Errorf("%q ran at %v for %v, want %v", expr, time.Now(), o.Time, want)
						}
						want, _ = trigger.Next(want)
						mu.Lock()
						defer mu.Unlock()
						counts[expr]++
						return nil
					})
					if err != nil {
						t.Fatal(err)
					}
				}
				pass(time.Until(end))
				if got := counts["30 2 * * *"]; got < 365*years-1 || got > 366*years+1 {
					t.Errorf("the daily job ran %d times in %d years", got, years)
				}
				if len(counts) != 4 {
					t.Errorf("ran %v, want all four", counts)
				}
			})
		})
	}
}
