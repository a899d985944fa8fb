// Package cron says when: it reads cron expressions and follows them through every change of the clocks.
//
//	schedule, err := cron.Parse("30 2 * * MON-FRI", paris)
//	...
//	next, ok := schedule.Next(time.Now())
//
// # Words
//
//   - Schedule: a parsed expression and the zone whose wall clock it is about.
//   - Occurrence: an instant at which the schedule fires.
//   - Fixed: a schedule whose hour field leaves out an hour. It fires at times of the wall clock.
//   - Steady: any other schedule, and @every. It fires as time elapses.
//   - Gap: wall-clock times that the clock jumps over. Overlap: those that it shows twice.
//
// # Expressions
//
// Five fields, or six with the seconds first; spaces or tabs between them:
//
//	field         values  names      besides * a a-b a,b */n a-b/n a/n
//	second        0-59
//	minute        0-59
//	hour          0-23
//	day of month  1-31               ?  L  L-n  LW  nW
//	month         1-12    JAN-DEC
//	day of week   0-7     SUN-SAT    ?  dL  d#k
//
// Where:
//
//   - a/n goes from a to the end in steps of n, and n is not above the highest value of the field.
//   - Sunday is 0 and 7. Names are of any case.
//   - A range of hours, months or days of the week may go round the end: 22-6, NOV-FEB, FRI-MON. Elsewhere
//     a range that runs backwards is an error.
//   - L is the last day of the month, L-n the one n days earlier. nW is the weekday, Monday to Friday,
//     nearest to day n, and LW the last one; neither leaves the month. In a month that has no day n, nW
//     names none.
//   - dL is the last such day of the week in the month, d#k the k-th: FRIL, TUE#2.
//   - ? is another way to write *.
//   - When day of month and day of week are both restricted, a day matches that either names, as
//     crontab(5) has it: "0 0 13 * FRI" is every 13th and every Friday. What leaves a field unrestricted
//     is *, also written ? or */1; */2 is a restriction.
//   - @yearly or @annually, @monthly, @weekly, @daily or @midnight, and @hourly are "0 0 1 1 *", "0 0 1 * *",
//     "0 0 * * 0", "0 0 * * *" and "0 * * * *".
//   - @every 90s fires at the multiples of a duration of at least 1ms, counted from 1970-01-01 00:00 UTC
//     in every zone. So replicas agree, and nothing drifts: @every 24h is midnight UTC.
//   - TZ=Europe/Paris or CRON_TZ=Europe/Paris, in front, names the zone.
//
// An expression has at most 256 bytes. One that can never fire, such as "0 0 30 2 *", is an error.
//
// # Changes of the clocks
//
// A fixed schedule fires at the first instant at which the wall clock shows one of its times, or a later
// time that it had not shown before. A steady one fires whenever the wall clock shows one of its times.
// Hence:
//
//   - A fixed time inside a gap fires once, at the instant of the jump. All that lie in one gap fire
//     once together, and together with what is due at that instant anyway.
//   - A fixed time inside an overlap fires when it is first shown, and not again.
//   - A steady schedule misses nothing and doubles nothing in real time: */5 goes on every 5 minutes.
//     Times that the clock never shows do not occur.
//
// The size of the change, its hour, and its cause do not matter:
//
//	zone and change                     expression       fires at
//	America/New_York 2026-03-08         30 2 * * *       03:00 -0400, the jump
//	  02:00 to 03:00                    0,30 2-3 * * *   03:00, 03:30 -0400
//	                                    */30 * * * *     01:30 -0500, 03:00, 03:30 -0400
//	America/New_York 2026-11-01         30 1 * * *       01:30 -0400
//	  02:00 back to 01:00               0 * * * *        01:00 -0400, 01:00 -0500, 02:00 -0500
//	                                    0 */2 * * *      00:00 -0400, 02:00 -0500
//	Australia/Lord_Howe 2026-10-04      15 2 * * *       02:30 +1100
//	  02:00 to 02:30
//	America/Sao_Paulo 2018-11-04        0 0 * * *        01:00 -0200
//	  00:00 to 01:00
//	Pacific/Apia 2011-12-30             0 9 * * *        00:00 +1400 on the 31st, for the 30th,
//	  skipped, the 29th to the 31st                      and 09:00 +1400 for the 31st
//
// The rule is that of the cron of Paul Vixie and ISC, which runs skipped jobs at once, does not run
// repeated ones again, and leaves wildcard jobs alone; here it is exact for any zone.
//
// # Guarantees
//
// Next is strictly increasing, and depends on nothing but its argument, the expression and the zone's
// data. A schedule does not change, and is safe for concurrent use. No text makes Parse panic, and no
// instant makes Next search for long: 40 years at most lie between two occurrences, and the year 9999
// is the last. Nothing here reads the clock or starts a goroutine.
//
// # Sources
//
// crontab(5) for the five fields and the rule of the two day fields; Quartz's CronExpression for seconds,
// L, W and #; cron(8) of Vixie and ISC for the changes of the clocks. Unlike in Quartz, days of the week
// count from 0.
//
// # When not to use it
//
// For an interval that should start now, rather than at multiples since 1970, use a ticker.
package cron
