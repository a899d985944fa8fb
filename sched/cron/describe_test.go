package cron_test

import (
	"testing"
	"time"
)

func TestDescribeReadsWell(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expr, want string }{
		{"* * * * *", "Every minute."},
		{"*/5 * * * *", "Every 5 minutes."},
		{"*/7 * * * *", "At minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour."},
		{"0 * * * *", "Every hour."},
		{"15 * * * *", "At minute 15 of every hour."},
		{"15,45 * * * *", "At minutes 15 and 45 of every hour."},
		{"0-29 * * * *", "At minutes 0 to 29 of every hour."},
		{"0 */2 * * *", "Every 2 hours."},
		{"0 */5 * * *", "At minute 0 of hours 0, 5, 10, 15 and 20."},
		{"30 2 * * *", "At 02:30 every day."},
		{"0 9,17 * * *", "At 09:00 and 17:00 every day."},
		{"0,30 9,17 * * SAT,SUN", "At 09:00, 09:30, 17:00 and 17:30, Saturday and Sunday."},
		{"15 9-17 * * MON-FRI", "Every hour from 09:15 to 17:15, Monday to Friday."},
		{"*/5 9-17 * * 1-5", "Every 5 minutes from 09:00 to 17:55, Monday to Friday."},
		{"0 22-6 * * *", "Every hour from 22:00 to 06:00."},
		{"* 2 * * *", "Every minute from 02:00 to 02:59."},
		{"*/5 9,14 * * *", "Every 5 minutes of hours 9 and 14."},
		{"0,10,17 1-3,9 * * *", "At minutes 0, 10 and 17 of hours 1 to 3 and 9."},
		{"* * * * * *", "Every second."},
		{"*/10 * * * * *", "Every 10 seconds."},
		{"30 * * * * *", "At second 30 of every minute."},
		{"15,45 0-4 * * * *", "At seconds 15 and 45 of minutes 0 to 4 of every hour."},
		{"*/10 0 9-17 * * *", "Every 10 seconds of minute 0 of hours 9 to 17."},
		{"*/10 * 9 * * *", "Every 10 seconds of hour 9."},
		{"15 30 2 * * *", "At 02:30:15 every day."},
		{"0 0 1 * *", "At 00:00 on day 1 of the month."},
		{"0 0 1,15 * *", "At 00:00 on days 1 and 15 of the month."},
		{"0 0 1-7 1,7 *", "At 00:00 on days 1 to 7 of January and July."},
		{"0 9 L * *", "At 09:00 on the last day of the month."},
		{"0 9 L-3 * *", "At 09:00 on the last day but 3 of the month."},
		{"0 9 LW * *", "At 09:00 on the last weekday of the month."},
		{"0 9 15W * *", "At 09:00 on the weekday nearest to day 15 of the month."},
		{"0 9 * * FRIL", "At 09:00 on the last Friday of the month."},
		{"0 9 * * TUE#2", "At 09:00 on the second Tuesday of the month."},
		{"0 9 * 6 1#1,1#3", "At 09:00 on the first Monday and the third Monday of June."},
		{"0 0 13 * FRI", "At 00:00 on day 13 of the month, and on Fridays."},
		{"0 0 13 6 MON-WED", "At 00:00 on day 13 of June, and Monday to Wednesday in June."},
		{"30 2 * * MON", "At 02:30 on Mondays."},
		{"30 2 * * FRI-MON", "At 02:30, Friday to Monday."},
		{"30 2 * 6-8 *", "At 02:30 every day in June to August."},
		{"*/5 * * 6 *", "Every 5 minutes in June."},
		{"@yearly", "At 00:00 on day 1 of January."},
		{"@weekly", "At 00:00 on Sundays."},
		{"@every 90s", "Every 90 seconds."},
		{"@every 1h", "Every hour."},
		{"@every 90m", "Every 90 minutes."},
		{"@every 250ms", "Every 250 milliseconds."},
		{"@every 1h30m10s", "Every 1h30m10s."},
		{"TZ=Europe/Paris 30 2 * * MON-FRI", "At 02:30, Monday to Friday (Europe/Paris)."},
		{"TZ=Europe/Paris @every 5m", "Every 5 minutes (Europe/Paris)."},
	} {
		if got := parse(t, c.expr, time.UTC).Describe(); got != c.want {
			t.Errorf("%q: got %s, want %s", c.expr, got, c.want)
		}
	}
}
