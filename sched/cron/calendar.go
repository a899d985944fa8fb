package cron

// Days are counted from 1970-01-01, a Thursday, and wall-clock time in seconds from its start. The
// arithmetic is that of Howard Hinnant's "chrono-compatible low-level date algorithms": years begin
// in March, so that the leap day comes last, and repeat every era of 400 years.

const (
	daySeconds = 24 * 60 * 60
	lastYear   = 9999
	epochDay   = 719468 // days from 0000-03-01 to 1970-01-01
	eraDays    = 146097 // days in 400 years
)

// civil splits a day, from 0000-03-01 on, into its date.
func civil(day int64) (year, month, date int) {
	n := uint64(day + epochDay)
	era, n := n/eraDays, n%eraDays
	yearOfEra := (n - n/1460 + n/36524 - n/146096) / 365
	dayOfYear := n - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	fromMarch := (5*dayOfYear + 2) / 153
	year, month = int(era*400+yearOfEra), int(fromMarch)+3
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, int(dayOfYear-(153*fromMarch+2)/5) + 1
}

// monthStart is the first day of a month, from March of the year 0 on.
func monthStart(year, month int) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	era, yearOfEra := uint64(year)/400, uint64(year)%400
	dayOfYear := uint64(153*(month-3)+2) / 5
	return int64(era*eraDays+yearOfEra*365+yearOfEra/4-yearOfEra/100+dayOfYear) - epochDay
}

// monthLength is the number of days in a month.
func monthLength(year, month int) int {
	switch {
	case month != 2:
		return 30 + (month+month>>3)&1
	case year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	}
	return 28
}

// weekday is the day of the week, 0 for Sunday, of a day from 0000-03-01 on.
func weekday(day int64) int { return int(uint64(day+epochDay+3) % 7) }
