package cron_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched/cron"
)

func TestEachSpellingMeansOneSchedule(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expr, want string }{
		{"* * * * *", "* * * * *"},
		{"\t *  * * *\t* ", "* * * * *"},
		{"0 * * * * *", "* * * * *"},
		{"* * * * * *", "* * * * * *"},
		{"*/5 * * * *", "*/5 * * * *"},
		{"0/5 * * * *", "*/5 * * * *"},
		{"0-59/5 * * * *", "*/5 * * * *"},
		{"5/20 * * * *", "5,25,45 * * * *"},
		{"*/1 */1 */1 */1 */1", "* * * * *"},
		{"10-40/10,3 * * * *", "3,10,20,30,40 * * * *"},
		{"007 08 09 01 00", "7 8 9 JAN SUN"},
		{"0 22-6 * * *", "0 22-6 * * *"},
		{"0 22-6/2 * * *", "0 0,2,4,6,22 * * *"},
		{"0 0 * NOV-feb *", "0 0 * NOV-FEB *"},
		{"0 0 * jan,DEC *", "0 0 * DEC,JAN *"},
		{"0 0 * * fri-MON", "0 0 * * FRI-MON"},
		{"0 0 * * FRI-MON/2", "0 0 * * SUN,FRI"},
		{"0 0 * * 7", "0 0 * * SUN"},
		{"0 0 * * 5-7", "0 0 * * FRI-SUN"},
		{"0 0 * * 7-2", "0 0 * * SUN-TUE"},
		{"0 0 * * 0-7", "0 0 * * *"},
		{"0 0 * * MON-SUN", "0 0 * * *"},
		{"0 0 * * 7-7", "0 0 * * SUN"},
		{"0 0 ? * ?", "0 0 * * *"},
		{"0 0 ? * MON", "0 0 * * MON"},
		{"0 0 1,15 * *", "0 0 1,15 * *"},
		{"0 0 13 * FRI", "0 0 13 * FRI"},
		{"0 0 *,13 * FRI", "0 0 * * FRI"},
		{"0 0 1-31 * FRI", "0 0 * * *"},
		{"0 0 l * *", "0 0 L * *"},
		{"0 0 lw,L-3,15w * *", "0 0 L-3,LW,15W * *"},
		{"0 0 15W,L,1-3 * *", "0 0 1-3,L,15W * *"},
		{"0 0 * * FRIL", "0 0 * * FRIL"},
		{"0 0 * * 5l,7L", "0 0 * * SUNL,FRIL"},
		{"0 0 * * TUE#2,7#1", "0 0 * * SUN#1,TUE#2"},
		{"0 0 * * MON,FRIL", "0 0 * * MON,FRIL"},
		{"0 0 29 2 *", "0 0 29 FEB *"},
		{"0 0 31 2,4 MON", "0 0 31 FEB,APR MON"},
		{"0 0 31 1-3 *", "0 0 31 JAN-MAR *"},
		{"@yearly", "0 0 1 JAN *"},
		{"@annually", "0 0 1 JAN *"},
		{"@monthly", "0 0 1 * *"},
		{"@weekly", "0 0 * * SUN"},
		{"@daily", "0 0 * * *"},
		{" @midnight ", "0 0 * * *"},
		{"@hourly", "0 * * * *"},
		{"@every 90s", "@every 1m30s"},
		{"@every \t 1.5ms", "@every 1.5ms"},
	} {
		if got := parse(t, c.expr, nil).String(); got != "TZ=UTC "+c.want {
			t.Errorf("%q: got %s, want TZ=UTC %s", c.expr, got, c.want)
		}
	}
}

func TestThePrefixNamesTheZone(t *testing.T) {
	t.Parallel()
	paris := location(t, "Europe/Paris")
	for _, c := range []struct {
		expr string
		loc  *time.Location
		want string
	}{
		{"@daily", nil, "UTC"},
		{"@daily", paris, "Europe/Paris"},
		{"TZ=America/New_York @daily", paris, "America/New_York"},
		{" CRON_TZ=America/New_York \t 0 0 * * *", paris, "America/New_York"},
		{"TZ=Etc/GMT+3 @every 1s", paris, "Etc/GMT+3"},
		{"TZ=America/Port-au-Prince @daily", nil, "America/Port-au-Prince"},
		{"TZ=Local @daily", paris, "Local"},
	} {
		s := parse(t, c.expr, c.loc)
		if got := s.Location().String(); got != c.want {
			t.Errorf("%q: got %s, want %s", c.expr, got, c.want)
		}
		if next, _ := s.Next(time.Unix(0, 0)); next.Location() != s.Location() {
			t.Errorf("%q: got an occurrence in %v, want it in %v", c.expr, next.Location(), s.Location())
		}
	}
	if got := parse(t, "@daily", time.FixedZone("", 3600)).String(); got != "0 0 * * *" {
		t.Errorf("a zone without a name: got %q, want none in it", got)
	}
}

// TestWrongExpressionsAreRefused holds the errors as they read, without `cron: "EXPRESSION": `.
func TestWrongExpressionsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expr, want string }{
		{"", "expression (column 1): 0 fields, must be 5 or 6"},
		{"* * * *", "expression (column 8): 4 fields, must be 5 or 6"},
		{"* * * * * * *", "expression (column 13): 7 fields, must be 5 or 6"},
		{strings.Repeat("* ", 100), "expression (column 13): 100 fields, must be 5 or 6"},
		{"TZ=UTC", "expression (column 7): 0 fields, must be 5 or 6"},
		{"60 * * * *", "minute (column 1): 60 is not from 0 to 59"},
		{"60 * * * * *", "second (column 1): 60 is not from 0 to 59"},
		{"TZ=UTC 60 * * * *", "minute (column 8): 60 is not from 0 to 59"},
		{"* 24 * * *", "hour (column 3): 24 is not from 0 to 23"},
		{"* * 0 * *", "day of month (column 5): 0 is not from 1 to 31"},
		{"* * 1,32 * *", "day of month (column 7): 32 is not from 1 to 31"},
		{"* * * 13 *", "month (column 7): 13 is not from 1 to 12 or JAN to DEC"},
		{"* * * 0 *", "month (column 7): 0 is not from 1 to 12 or JAN to DEC"},
		{"* * * JANUARY *", "month (column 7): JANUARY is not from 1 to 12 or JAN to DEC"},
		{"* * * MON *", "month (column 7): MON is not from 1 to 12 or JAN to DEC"},
		{"* * * * 8", "day of week (column 9): 8 is not from 0 to 7 or SUN to SAT"},
		{"* * * * MONDAY", "day of week (column 9): MONDAY is not from 0 to 7 or SUN to SAT"},
		{"* * * * L", "day of week (column 9): L is not from 0 to 7 or SUN to SAT"},
		{"99999999999999999999 * * * *", "minute (column 1): 99999999999999999999 is not from 0 to 59"},
		{"-1 * * * *", "minute (column 1): a value is missing"},
		{"5-1 * * * *", "minute (column 1): 5-1 runs backwards"},
		{"* * 28-3 * *", "day of month (column 5): 28-3 runs backwards"},
		{"5- * * * *", "minute (column 3): a value is missing"},
		{"5-60 * * * *", "minute (column 3): 60 is not from 0 to 59"},
		{"1-2-3 * * * *", "minute (column 4): -3 is not expected here"},
		{"*/0 * * * *", "minute (column 3): 0 is not a step from 1 to 59"},
		{"*/60 * * * *", "minute (column 3): 60 is not a step from 1 to 59"},
		{"* */24 * * *", "hour (column 5): 24 is not a step from 1 to 23"},
		{"*/ * * * *", "minute (column 3): a value is missing"},
		{"*/x * * * *", "minute (column 3): x is not a step from 1 to 59"},
		{"*5 * * * *", "minute (column 2): 5 is not expected here"},
		{"** * * * *", "minute (column 2): * is not expected here"},
		{", * * * *", "minute (column 1): a value is missing"},
		{"1, * * * *", "minute (column 3): a value is missing"},
		{"1,,2 * * * *", "minute (column 3): a value is missing"},
		{"? * * * *", "minute (column 1): ? is not from 0 to 59"},
		{"L * * * *", "minute (column 1): L is not from 0 to 59"},
		{"5x * * * *", "minute (column 2): x is not expected here"},
		{"1.5 * * * *", "minute (column 2): .5 is not expected here"},
		{"٣ * * * *", `minute (column 1): "٣" is not from 0 to 59`},
		{"１ * * * *", `minute (column 1): "１" is not from 0 to 59`},
		{"1\x00 * * * *", `minute (column 2): "\x00" is not expected here`},
		{"\x00 * * * *", `minute (column 1): "\x00" is not from 0 to 59`},
		{"* * * * *\n", `day of week (column 10): "\n" is not expected here`},
		{"* * L-0 * *", "day of month (column 7): 0 is not from 1 to 30 days before the last"},
		{"* * L-31 * *", "day of month (column 7): 31 is not from 1 to 30 days before the last"},
		{"* * L- * *", "day of month (column 7): a value is missing"},
		{"* * LL * *", "day of month (column 6): L is not expected here"},
		{"* * W * *", "day of month (column 5): W is not from 1 to 31"},
		{"* * 1-5W * *", "day of month (column 8): W is not expected here"},
		{"* * 5W/2 * *", "day of month (column 7): /2 is not expected here"},
		{"* * * * MON#0", "day of week (column 13): 0 is not from 1 to 5"},
		{"* * * * MON#6", "day of week (column 13): 6 is not from 1 to 5"},
		{"* * * * MON#", "day of week (column 13): a value is missing"},
		{"* * * * #2", "day of week (column 9): a value is missing"},
		{"* * * * FRILL", "day of week (column 13): L is not expected here"},
		{"* * * * 1W", "day of week (column 10): W is not expected here"},
		{"0 0 30 2 *", "day of month (column 5): 30 never comes in month 2"},
		{"0 0 0 30 2 *", "day of month (column 7): 30 never comes in month 2"},
		{"0 0 31 2,4,6 *", "day of month (column 5): 31 never comes in month 2,4,6"},
		{"0 0 31W APR ?", "day of month (column 5): 31W never comes in month APR"},
		{"0 0 L-29 2 *", "day of month (column 5): L-29 never comes in month 2"},
		{"0 0 30,31 FEB */1", "day of month (column 5): 30,31 never comes in month FEB"},
		{"@reboot", "expression (column 1): @reboot is not @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly or @every"},
		{"@daily 5", "expression (column 8): 5 must not follow @daily"},
		{"@every", "expression (column 7): an interval is missing after @every"},
		{"@every 5", "expression (column 8): 5 is not an interval such as 90s or 1h30m"},
		{"@every 0s", "expression (column 8): 0s is not at least 1ms"},
		{"@every -5m", "expression (column 8): -5m is not at least 1ms"},
		{"@every 999us", "expression (column 8): 999us is not at least 1ms"},
		{"@every 9999999h", "expression (column 8): 9999999h is not an interval such as 90s or 1h30m"},
		{"@every 1h 30m", "expression (column 11): 30m must not follow the interval"},
		{"TZ= * * * * *", "zone (column 4): a name is missing"},
		{"TZ=", "zone (column 4): a name is missing"},
		{"CRON_TZ=", "zone (column 9): a name is missing"},
		{"TZ=Mars/Olympus * * * * *", "zone (column 4): Mars/Olympus is not a zone this machine knows"},
		{"TZ=America * * * * *", "zone (column 4): America is not a zone this machine knows"},
		{"TZ=../../etc/passwd * * * * *", "zone (column 4): ../../etc/passwd is not the name of a zone"},
		{"TZ=Europe/../Europe/Paris * * * * *", "zone (column 4): Europe/../Europe/Paris is not the name of a zone"},
		{"TZ=/etc/passwd * * * * *", "zone (column 4): /etc/passwd is not the name of a zone"},
		{`TZ=\etc\passwd * * * * *`, `zone (column 4): \etc\passwd is not the name of a zone`},
		{"TZ=Europe/Paris\x00 * * * * *", `zone (column 4): "Europe/Paris\x00" is not the name of a zone`},
		{"TZ=\"Europe/Paris\" * * * * *", `zone (column 4): "Europe/Paris" is not the name of a zone`},
		{"tz=UTC * * * * *", "second (column 1): tz=UTC is not from 0 to 59"},
	} {
		_, err := cron.Parse(c.expr, nil)
		var wrong *cron.ParseError
		if !errors.As(err, &wrong) {
			t.Errorf("%q: got %v, want a ParseError", c.expr, err)
			continue
		}
		if _, text, _ := strings.Cut(err.Error(), `": `); text != c.want {
			t.Errorf("%q: got %s, want %s", c.expr, text, c.want)
		}
		if wrong.Expr != c.expr || !strings.HasPrefix(c.expr[wrong.Column-1:], wrong.Value) && wrong.Want[:6] != "fields" {
			t.Errorf("%q: got %q in column %d, want it to stand there", c.expr, wrong.Value, wrong.Column)
		}
	}
}

func TestParseErrorsAreInvalidAndShort(t *testing.T) {
	t.Parallel()
	_, err := cron.Parse("60 * * * *", nil)
	if want := `cron: "60 * * * *": minute (column 1): 60 is not from 0 to 59`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if !errors.Is(err, core.ErrInvalid) || core.ErrorType(err) != core.TypeInvalid {
		t.Errorf("got %q, want core.ErrInvalid, of type invalid", err)
	}
	for _, expr := range []string{
		strings.Repeat("9", 257), strings.Repeat("* ", 1<<19), strings.Repeat("9", 256), strings.Repeat("9", 240) + " * * * *",
		"TZ=" + strings.Repeat("A", 250), "@" + strings.Repeat("é", 120),
	} {
		_, err := cron.Parse(expr, nil)
		var wrong *cron.ParseError
		if !errors.As(err, &wrong) || len(wrong.Expr) > 256 || len(err.Error()) > 600 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%d bytes: got %v, want one short line", len(expr), err)
		}
		if strings.Contains(err.Error(), strings.Repeat("9", 65)) {
			t.Errorf("got %v, want at most 64 bytes of the expression", err)
		}
	}
	_, err = cron.Parse(strings.Repeat(" ", 1<<20), nil)
	if _, text, _ := strings.Cut(err.Error(), `": `); text != "expression (column 257): 1048576 bytes, must be at most 256" {
		t.Errorf("got %s", text)
	}
}
