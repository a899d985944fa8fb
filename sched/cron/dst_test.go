package cron_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/sched/cron"
)

const day = 24 * 60 * 60

// follow gives the occurrences of a schedule after one instant and up to another.
func follow(t testing.TB, s *cron.Schedule, after, until int64) []int64 {
	t.Helper()
	var found []int64
	for at := time.Unix(after, 0); ; {
		next, ok := s.Next(at)
		if !ok || next.Unix() > until {
			return found
		}
		if !next.After(at) {
			t.Fatalf("%s: got %v as next of %v, want one after it", s, next, at)
		}
		found, at = append(found, next.Unix()), next
	}
}

// stepFor is the step in which the oracle sees each occurrence of an expression between two instants.
func stepFor(expr string, e edge) int64 {
	if len(strings.Fields(expr)) == 6 || e.before%60 != 0 || e.after%60 != 0 || e.at%60 != 0 {
		return 1
	}
	return 60
}

func TestNextEqualsTheOracleAtEveryEdgeOfEveryZone(t *testing.T) {
	t.Parallel()
	exprs := []string{"*/10 * * * *", "30 2 * * *", "*/20 0-3 * * *", "0 0 * * *", "45 1,23 L * SUN"}
	type task struct {
		edge edge
		expr string
	}
	known := map[task][]int64{} // the oracle's answers: many zones share their edges
	oracles := map[string]*oracle{}
	for _, expr := range exprs {
		oracles[expr] = newOracle(expr)
	}
	edges := 0
	for _, z := range allZones(t) {
		for _, expr := range exprs {
			s := parse(t, expr, z.loc)
			for _, e := range z.edges {
				if e.at < unix(2020) || e.at >= unix(2030) {
					continue
				}
				edges++
				from, until := e.at-5*60*60, e.at+5*60*60
				want, ok := known[task{e, expr}]
				if !ok {
					want = oracles[expr].walk(z.loc, from, until, 60, 4*60*60)
					known[task{e, expr}] = want
				}
				if got := follow(t, s, from, until); !slices.Equal(got, want) {
					t.Errorf("%s, at the edge %v: got %v, want %v", s, time.Unix(e.at, 0).UTC(), clocks(got, z.loc), clocks(want, z.loc))
				}
				soon := e.at + 5*60 // the clock may show again what it has shown
				late := slices.DeleteFunc(slices.Clone(want), func(at int64) bool { return at <= soon })
				if got := follow(t, s, soon, until); !slices.Equal(got, late) {
					t.Errorf("%s, soon after the edge %v: got %v, want %v", s, time.Unix(e.at, 0).UTC(), clocks(got, z.loc), clocks(late, z.loc))
				}
			}
		}
	}
	if edges < 15_000 {
		t.Errorf("got %d edges and expressions, want at least 15000", edges)
	}
}

func clocks(at []int64, loc *time.Location) []string {
	var texts []string
	for _, u := range at {
		texts = append(texts, time.Unix(u, 0).In(loc).Format("2006-01-02 15:04:05 -0700"))
	}
	return texts
}

// cases is how many random expressions to try: 100000 take minutes.
func cases(t testing.TB) int {
	t.Helper()
	text := os.Getenv("GOFLOW_CRON_CASES")
	if text == "" {
		return 1200
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNextEqualsTheOracleNearRandomEdges(t *testing.T) {
	t.Parallel()
	const shards = 4
	all := slices.DeleteFunc(slices.Clone(allZones(t)), func(z zone) bool { return len(z.edges) == 0 })
	odd := []string{
		"America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "America/Havana", "America/Asuncion", "Asia/Beirut",
		"Pacific/Apia", "Europe/Dublin", "Africa/Casablanca", "Antarctica/Troll", "Asia/Gaza", "Pacific/Kwajalein", "Africa/Monrovia",
	}
	for shard := range shards {
		t.Run(fmt.Sprint("shard ", shard), func(t *testing.T) {
			t.Parallel()
			g := generator{rand.New(rand.NewPCG(1, uint64(shard)))}
			tried, fired := 0, 0
			for tried < cases(t)/shards {
				z := all[g.IntN(len(all))]
				if g.IntN(2) == 0 {
					z = zoneNamed(t, odd[g.IntN(len(odd))])
				}
				e := z.edges[g.IntN(len(z.edges))]
				expr := g.expression(e)
				s, err := cron.Parse(expr, z.loc)
				if err != nil {
					if !strings.Contains(err.Error(), "never comes in month") {
						t.Fatal(err)
					}
					continue
				}
				tried++
				fired += compare(t, g, s, expr, z, e)
			}
			if fired < tried {
				t.Errorf("got %d occurrences in %d cases, want at least one a case", fired, tried)
			}
		})
	}
}

// compare looks at a schedule near an edge, and gives how often it fires there.
func compare(t *testing.T, g generator, s *cron.Schedule, expr string, z zone, e edge) int {
	t.Helper()
	step := stepFor(expr, e)
	shift := max(e.after-e.before, e.before-e.after)
	around := shift + 2*60*60
	if step > 1 && g.IntN(8) == 0 {
		around += day
	}
	e.at -= e.at % step
	after := e.at + shift - shift%step - step*g.Int64N((around+shift)/step)
	until := e.at + around
	want := newOracle(expr).walk(z.loc, after, until, step, z.shift-z.shift%60+60*60)
	got := follow(t, s, after, until)
	if !slices.Equal(got, want) {
		t.Fatalf("%q in %v after %v: got %v, want %v", expr, z.loc, clocks([]int64{after}, z.loc), clocks(got, z.loc), clocks(want, z.loc))
	}
	for range min(len(want), 3) {
		i := g.IntN(len(want))
		next, ok := s.Next(time.Unix(want[i]-1, 999))
		if !ok || next.Unix() != want[i] {
			t.Fatalf("%q in %v: got %v as next of a second before %v, want the latter", expr, z.loc, next, clocks(want[i:i+1], z.loc))
		}
	}
	return len(want)
}

// generator makes expressions that are likely to fire near an edge.
type generator struct{ *rand.Rand }

// expression makes one of five fields, or rarely six.
func (g generator) expression(e edge) string {
	wall := time.Unix(e.at+[]int64{e.before, e.after}[g.IntN(2)], 0).UTC()
	if g.IntN(3) == 0 {
		wall = wall.Add(-time.Minute)
	}
	fields := []string{
		g.list(wall.Minute(), 0, 59), "*", g.date(wall), "*", "*",
	}
	if g.IntN(5) > 1 {
		fields[1] = g.list((wall.Hour()+g.IntN(5)+22)%24, 0, 23)
	}
	if g.IntN(5) == 0 {
		fields[3] = g.month(wall)
	}
	if g.IntN(3) == 0 {
		fields[4] = g.weekday(wall)
	}
	if g.IntN(12) == 0 {
		fields = append([]string{g.list(wall.Second(), 0, 59)}, fields...)
	}
	return strings.Join(fields, " ")
}

// list makes a field of one to three items.
func (g generator) list(near, low, high int) string {
	items := make([]string, 1+g.IntN(8)/6+g.IntN(8)/7)
	for i := range items {
		items[i] = g.item(near, low, high)
	}
	return strings.Join(items, ",")
}

func (g generator) item(near, low, high int) string {
	other := low + g.IntN(high-low+1)
	switch g.IntN(8) {
	case 0:
		return "*"
	case 1:
		return fmt.Sprintf("*/%d", 1+g.IntN(high))
	case 2:
		return fmt.Sprintf("%d/%d", other, 1+g.IntN(high))
	case 3:
		return fmt.Sprintf("%d-%d", min(near, other), max(near, other))
	case 4:
		return fmt.Sprintf("%d-%d/%d", min(near, other), max(near, other), 1+g.IntN(5))
	case 5:
		if high == 23 { // hours may go round
			return fmt.Sprintf("%d-%d", near, other)
		}
		return strconv.Itoa(other)
	default:
		return strconv.Itoa(near)
	}
}

// date makes a day of month.
func (g generator) date(wall time.Time) string {
	near := min(max(wall.Day()+g.IntN(3)-1, 1), 31)
	switch g.IntN(12) {
	case 0:
		return g.list(near, 1, 31)
	case 1:
		return strconv.Itoa(near)
	case 2:
		return []string{"L", "LW", fmt.Sprintf("L-%d", 1+g.IntN(30)), fmt.Sprintf("%dW", near)}[g.IntN(4)]
	case 3:
		return fmt.Sprintf("%d,L,%dW", near, 1+g.IntN(31))
	case 4:
		return "?"
	}
	return "*"
}

// month makes a month.
func (g generator) month(wall time.Time) string {
	name := strings.ToUpper(wall.Month().String()[:3])
	return []string{name, strconv.Itoa(int(wall.Month())), name + "-JAN", "JAN-" + name, g.list(int(wall.Month()), 1, 12)}[g.IntN(5)]
}

// weekday makes a day of week.
func (g generator) weekday(wall time.Time) string {
	near := (int(wall.Weekday()) + g.IntN(3) + 6) % 7
	name := strings.ToUpper(time.Weekday(near).String()[:3])
	other := strings.ToUpper(time.Weekday(g.IntN(7)).String()[:3])
	return []string{
		"?", "*/2", "1-5", "7", name, strconv.Itoa(near), name + "-" + other, other + "-" + name, name + "L",
		fmt.Sprintf("%s#%d", name, 1+g.IntN(5)), fmt.Sprintf("%dL,%d#%d", near, g.IntN(8), 1+g.IntN(5)), name + "," + other + "-7",
	}[g.IntN(12)]
}
