package main

import (
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ratio gives the results of these lines of benchmark output.
func read(text string) *results {
	r := newResults()
	for line := range strings.Lines(text) {
		r.line(strings.TrimSuffix(line, "\n"))
	}
	return r
}

func TestParseNameTakesABenchmarksNameApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, benchmark, impl string
		procs                 int
		ok                    bool
	}{
		{"BenchmarkBucket/allowed/impl=x-time/serial", "Bucket/allowed/serial", "x-time", 1, true},
		{"BenchmarkBucket/allowed/impl=x-time/serial-16", "Bucket/allowed/serial", "x-time", 16, true},
		{"BenchmarkPace/rate=1000/impl=uber-2", "Pace/rate=1000", "uber", 2, true},
		{"BenchmarkPace/rate=1000/impl=bare-gcra", "Pace/rate=1000", "bare-gcra", 1, true},
		{"BenchmarkOther/serial-2", "Other/serial", "", 2, false},
		{"ok", "", "", 0, false},
	} {
		benchmark, impl, procs, ok := parseName(c.name)
		if benchmark != c.benchmark || impl != c.impl || procs != c.procs || ok != c.ok {
			t.Errorf("%s: got %q, %q, %d, %t", c.name, benchmark, impl, procs, ok)
		}
	}
}

func TestLinesThatAreNoFiguresAreLetPass(t *testing.T) {
	t.Parallel()
	r := read(`goos: linux
cpu: AMD EPYC
BenchmarkBucket/allowed/impl=juju/serial-2 1000000 60.5 ns/op 0 B/op 0 allocs/op
BenchmarkBucket/allowed/impl=juju/serial-2 1000000 what ns/op
BenchmarkBucket/allowed/impl=juju/serial-2 --- FAIL: BenchmarkBucket/allowed
PASS
ok  	example.org	1.2s
`)
	if r.machine != "AMD EPYC" {
		t.Errorf("machine is %q", r.machine)
	}
	if len(r.places) != 3 {
		t.Errorf("got %d places, want ns/op, B/op and allocs/op", len(r.places))
	}
	at := place{"Bucket/allowed/serial", 2, "ns/op"}
	if got := r.figures[at]["juju"]; !slices.Equal(got, []float64{60.5}) {
		t.Errorf("got %v", got)
	}
}

func TestPlacesOfABenchmarkAreTogether(t *testing.T) {
	t.Parallel()
	r := read(`BenchmarkBucket/allowed/impl=juju/serial 1 60 ns/op
BenchmarkBucket/denied/impl=juju/serial 1 60 ns/op
BenchmarkBucket/allowed/impl=juju/serial-2 1 60 ns/op
`)
	want := []place{
		{"Bucket/allowed/serial", 1, "ns/op"},
		{"Bucket/allowed/serial", 2, "ns/op"},
		{"Bucket/denied/serial", 1, "ns/op"},
	}
	if !slices.Equal(r.places, want) {
		t.Errorf("got %v, want %v", r.places, want)
	}
}

func TestMedianIsTheMiddle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1}, 5},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 100, 2, 1}, 3},
	} {
		values := slices.Clone(c.values)
		if got := median(values); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.values, got, c.want)
		}
		if !slices.Equal(values, c.values) {
			t.Errorf("median reordered %v to %v", c.values, values)
		}
	}
}

func TestFigureIsTheMedianOrTheWorstOfAPromise(t *testing.T) {
	t.Parallel()
	r := read(`BenchmarkBucket/allowed/impl=juju/serial 1 60 ns/op
BenchmarkBucket/allowed/impl=juju/serial 1 90 ns/op
BenchmarkBucket/allowed/impl=juju/serial 1 61 ns/op
BenchmarkAdmitted/goroutines=64/impl=juju-2 1 0.5 admitted/allowed
BenchmarkAdmitted/goroutines=64/impl=juju-2 1 1.5 admitted/allowed
BenchmarkAdmitted/goroutines=64/impl=juju-2 1 0.6 admitted/allowed
`)
	for at, want := range map[place]float64{
		{"Bucket/allowed/serial", 1, "ns/op"}:             61,
		{"Admitted/goroutines=64", 2, "admitted/allowed"}: 1.5,
	} {
		if got, ok := r.figure(at, "juju"); !ok || got != want {
			t.Errorf("%v: got %v, %t, want %v", at, got, ok, want)
		}
	}
	if _, ok := r.figure(place{"Bucket/allowed/serial", 1, "ns/op"}, "uber"); ok {
		t.Error("there is a figure of what was not measured")
	}
}

func TestGoalsAreJudgedAtTheirBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		check         check
		bound         float64
		figure, other float64
		measured      string
		verdict       string
	}{
		{"a ratio at the bound", ratioAtMost, 0.5, 50, 100, "0.5x", "pass"},
		{"a ratio above it", ratioAtMost, 0.5, 51, 100, "0.51x", "short"},
		{"an excess at the bound", excessAtMost, 2.5, 32.5, 30, "+2.5", "pass"},
		{"an excess above it", excessAtMost, 2.5, 33, 30, "+3", "short"},
		{"an excess below nothing", excessAtMost, 2.5, 29, 30, "-1", "pass"},
		{"a figure at the bound", figureAtMost, 40, 40, 120, "40", "pass"},
		{"a figure above it", figureAtMost, 1, 1.004, 1, "1.004", "short"},
		{"a figure at the least", figureAtLeast, 0.99, 0.99, 1, "0.99", "pass"},
		{"a figure below it", figureAtLeast, 0.99, 0.98, 1, "0.98", "short"},
	} {
		g := goal{impl: ours, other: "juju", check: c.check, bound: c.bound}
		got, ok := g.judge(func(_ place, impl string) (float64, bool) {
			if impl == ours {
				return c.figure, true
			}
			return c.other, true
		})
		if !ok || got.measured != c.measured || got.verdict != c.verdict {
			t.Errorf("%s: got %+v, %t", c.name, got, ok)
		}
	}
}

func TestWhatIsAddedIsJudgedAboveWhatAllStandOn(t *testing.T) {
	t.Parallel()
	figures := map[string]float64{instrumented: 1000, "failsafehttp": 3000}
	for figure, want := range map[float64][2]string{
		1400: {"+400 of +2000", "pass"},
		1401: {"+401 of +2000", "short"},
		990:  {"-10 of +2000", "pass"},
	} {
		figures[ours] = figure
		g := goal{impl: ours, other: "failsafehttp", check: addedAtMost, bound: 0.2}
		got, ok := g.judge(func(_ place, impl string) (float64, bool) { v, ok := figures[impl]; return v, ok })
		if !ok || got.measured != want[0] || got.verdict != want[1] {
			t.Errorf("%v: got %+v, %t, want %q", figure, got, ok, want)
		}
	}
	delete(figures, instrumented)
	g := goal{impl: ours, other: "failsafehttp", check: addedAtMost}
	if _, ok := g.judge(func(_ place, impl string) (float64, bool) { v, ok := figures[impl]; return v, ok }); ok {
		t.Error("a goal was judged without what all stand on")
	}
}

func TestRenderShowsGoalsAndRatios(t *testing.T) {
	t.Parallel()
	r := read(`BenchmarkBucket/allowed/impl=goflow-metered/serial 1 40 ns/op 0 B/op 0 allocs/op
BenchmarkBucket/allowed/impl=x-time/serial 1 100 ns/op 0 B/op 0 allocs/op
BenchmarkBucket/allowed/impl=ulule/serial 1 200 ns/op 24 B/op 2 allocs/op
BenchmarkBucket/denied/impl=goflow-metered/parallel-2 1 12.5 ns/op
BenchmarkBucket/denied/impl=x-time/parallel-2 1 50 ns/op
BenchmarkBreaker/closed/impl=goflow-metered/serial 1 9 ns/op
BenchmarkBreaker/closed/impl=gobreaker/serial 1 120 ns/op
BenchmarkCronParse/workdays/impl=robfig/serial 1 200 ns/op
BenchmarkCronParse/workdays/impl=goflow/serial 1 50 ns/op
`)
	got := render(r, all)
	for _, want := range []string{
		"| allow | 40 ns/op | x-time 100 | 0.4x | <= 0.45x | pass |\n",
		"| deny, 2 processors | 12.5 ns/op | x-time 50 | 0.25x | <= 0.2x | short |\n",
		"| breaker, closed | 9 ns/op | gobreaker 120 | 0.075x | <= 0.1x | pass |\n",
		"### A breaker around a call: ns/op\n",
		"| pace |  |  |  |  | not measured |\n",
		"### One bucket: ns/op\n\n| benchmark | processors | goflow-metered | x-time | ulule |\n|---|---|---|---|---|\n",
		"| allowed/serial | 1 | 40 | 100 (0.40x) | 200 (0.20x) |\n",
		"| denied/parallel | 2 | 12.5 | 50 (0.25x) | - |\n",
		"### One bucket: allocs/op\n",
		"| allowed/serial | 1 | 0 | 0 | 2 |\n",
		"| workdays/serial | 1 | 50 | 200 (0.25x) |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "B/op") || strings.Contains(got, "Waiting") {
		t.Errorf("a table that should not be there:\n%s", got)
	}
}

func TestRenderLeavesOutGoalsOfOtherSuites(t *testing.T) {
	t.Parallel()
	cfg := config{bench: regexp.MustCompile("^Pace$")}
	got := render(newResults(), cfg.suites())
	if !strings.Contains(got, "| pace |") || strings.Contains(got, "| allow |") {
		t.Errorf("want goals about pace, and no others:\n%s", got)
	}
}

func TestEveryGoalIsAboutASuite(t *testing.T) {
	t.Parallel()
	for _, g := range goals {
		if !slices.ContainsFunc(all, func(s suite) bool { return s.has(g.at) }) {
			t.Errorf("goal %q is about %v, which no suite measures", g.what, g.at)
		}
	}
}

func TestEveryBenchmarkIsASuiteWhereItSaysItIs(t *testing.T) {
	t.Parallel()
	var got, want []string
	for _, s := range all {
		want = append(want, s.dir+"/"+s.name)
	}
	for _, dir := range (config{bench: regexp.MustCompile(".")}).dirs() {
		files, err := filepath.Glob(filepath.Join("..", "..", dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?m)^func Benchmark(\w+)\(`).FindAllSubmatch(text, -1) {
				got = append(got, dir+"/"+string(m[1]))
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("there are %q, and suites %q", got, want)
	}
}

func TestAPackageIsBuiltOnceForTheSuitesChosenOfIt(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string][]string{
		".":                   {"limit", "resilience", "sched", "streams", "redis", "http"},
		"Bucket|Pace":         {"limit"},
		"Stack|Breaker":       {"resilience"},
		"Keyed|Retry":         {"limit", "resilience"},
		"^sched/":             {"sched"},
		"^streams/":           {"streams"},
		"^redis/":             {"redis"},
		"^http/":              {"http"},
		"^(limit|resilience)": {"limit", "resilience"},
	} {
		if got := (config{bench: regexp.MustCompile(pattern)}).dirs(); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", pattern, got, want)
		}
	}
}

func TestSpliceLeavesThePageAroundTheTables(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.md")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# Before\n" + begin + "old\n" + end + "After\n")
	if err := splice(page, "new\n"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(page)
	if want := "# Before\n" + begin + "\nnew\n\n" + end + "After\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	write("# Before\n" + end + begin)
	if err := splice(page, "new\n"); err == nil || !strings.Contains(err.Error(), "page.md lacks") {
		t.Errorf("a page without markers: got %v", err)
	}
}

func TestFlagsAreChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, says string
		args       []string
	}{
		{"a count of none", "-count", []string{"-count", "0"}},
		{"processors that are no number", `"x" is not a positive number`, []string{"-cpu", "1,x"}},
		{"no time", "-benchtime", []string{"-benchtime", "0s"}},
		{"a benchmark that is not there", "matches no benchmark", []string{"-bench", "Nothing"}},
		{"a broken pattern", "-bench", []string{"-bench", "("}},
		{"an argument", "unexpected argument: Bucket", []string{"Bucket"}},
	} {
		var said strings.Builder
		if code := run(t.Context(), c.args, io.Discard, &said); code != 2 || !strings.Contains(said.String(), c.says) {
			t.Errorf("%s: code %d, said %q", c.name, code, said.String())
		}
	}
	if code := run(t.Context(), []string{"-h"}, io.Discard, io.Discard); code != 0 {
		t.Errorf("-h: code %d", code)
	}
}

func TestSuitesAreRunWithTheirFlags(t *testing.T) {
	t.Parallel()
	cfg, err := parseFlags([]string{"-cpu", "1,2", "-benchtime", "50ms", "-bench", "Bucket|Pace"}, log.New(io.Discard, "", 0))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range cfg.suites() {
		for _, flags := range cfg.runs(s) {
			got = append(got, strings.Join(flags, " "))
		}
	}
	want := []string{
		"-test.run=^$ -test.bench=^BenchmarkBucket$ -test.benchtime=50ms -test.cpu=1",
		"-test.run=^$ -test.bench=^BenchmarkBucket$ -test.benchtime=50ms -test.cpu=2",
		"-test.run=^$ -test.bench=^BenchmarkPace$ -test.benchtime=50ms -test.cpu=2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestABenchmarkThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "no-such-command")
	if err := newResults().add(cmd, log.New(io.Discard, "", 0)); err == nil {
		t.Error("no error")
	}
}
