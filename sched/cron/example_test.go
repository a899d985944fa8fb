package cron_test

import (
	"fmt"
	"time"

	"github.com/goflow-go/goflow/sched/cron"
)

func ExampleParse() {
	schedule, err := cron.Parse("TZ=America/New_York 30 2 * * *", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	at := time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)
	for range 3 { // on 8 March the clock jumps from 02:00 to 03:00
		at, _ = schedule.Next(at)
		fmt.Println(at)
	}
	// Output:
	// 2026-03-07 02:30:00 -0500 EST
	// 2026-03-08 03:00:00 -0400 EDT
	// 2026-03-09 02:30:00 -0400 EDT
}

func ExampleParseError() {
	_, err := cron.Parse("0 24 * * *", nil)
	fmt.Println(err)
	_, err = cron.Parse("0 0 30 2 *", nil)
	fmt.Println(err)
	// Output:
	// cron: "0 24 * * *": hour (column 3): 24 is not from 0 to 23
	// cron: "0 0 30 2 *": day of month (column 5): 30 never comes in month 2
}

func ExampleSchedule_Describe() {
	for _, expr := range []string{
		"TZ=Europe/Paris 30 2 * * MON-FRI",
		"*/5 * * * *",
		"0 9 * * FRIL",
	} {
		schedule, err := cron.Parse(expr, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(schedule.Describe())
	}
	// Output:
	// At 02:30, Monday to Friday (Europe/Paris).
	// Every 5 minutes.
	// At 09:00 on the last Friday of the month.
}

func ExampleSchedule_String() {
	schedule, err := cron.Parse("0,15,30,45 8-18 ? * 1-5", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(schedule)
	// Output: TZ=UTC */15 8-18 * * MON-FRI
}

func ExampleSchedule_Next() {
	schedule, err := cron.Parse("@every 90s", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	next, ok := schedule.Next(time.Date(2026, 1, 1, 0, 0, 1, 0, time.UTC))
	fmt.Println(next, ok)
	// Output: 2026-01-01 00:01:30 +0000 UTC true
}
