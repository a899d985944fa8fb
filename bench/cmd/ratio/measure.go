package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// suite is a benchmark function, and how its figures are shown.
type suite struct {
	name  string
	dir   string // the package it is in
	title string
	// cost suites are run with every number of processors asked for, and shown with ratios; others
	// are run with the last.
	cost bool
	// worst suites are about a promise: of several runs the largest figure counts, not the median.
	worst bool
}

var all = []suite{
	{name: "Bucket", dir: "limit", title: "One bucket", cost: true},
	{name: "Keyed", dir: "limit", title: "A bucket for each key", cost: true},
	{name: "Pace", dir: "limit", title: "Waiting: permits that one blocked goroutine got, of those it was promised"},
	{
		name: "Admitted", dir: "limit", worst: true,
		title: "Goroutines asking all the time: permits given, of rate*t + burst; the worst run",
	},
	{name: "Concurrency", dir: "limit", title: "A permit taken and released", cost: true},
	{name: "Adaptive", dir: "limit", title: "Adaptive concurrency: a call admitted, and its success recorded", cost: true},
	{name: "Throttle", dir: "limit", title: "Client-side throttle: a call admitted, and its success recorded", cost: true},
	{name: "Breaker", dir: "resilience", title: "A breaker around a call", cost: true},
	{name: "Stack", dir: "resilience", title: "Rate limit, breaker and bulkhead around a call", cost: true},
	{name: "Retry", dir: "resilience", title: "A retry around a call that succeeds", cost: true},
	{name: "Timer", dir: "sched", title: "The oldest timer cancelled and a new one scheduled", cost: true},
	{name: "Lateness", dir: "sched", title: "Timers that fire: how late, and what each costs"},
	{name: "Herd", dir: "sched", title: "Jobs due at the same second: how late, what each costs, and how many ran"},
	{name: "Job", dir: "sched", title: "A named job that is to run once scheduled and cancelled", cost: true},
	{name: "CronJob", dir: "sched", title: "A job added by a cron expression and removed", cost: true},
	{name: "CronParse", dir: "sched", title: "A cron expression read", cost: true},
	{name: "CronNext", dir: "sched", title: "From an occurrence of a cron expression to the next", cost: true},
	{name: "Pool", dir: "sched", title: "A task handed to a pool and run", cost: true},
	{name: "Wake", dir: "sched", title: "A task handed to an idle pool, run and waited for", cost: true},
	{name: "Future", dir: "sched", title: "A task's result asked for and taken, 256 outstanding", cost: true},
	{name: "TaskTelemetry", dir: "sched", title: "What telemetry costs a task", cost: true},
	{name: "Pipeline", dir: "streams", title: "Filter, parallel map, batch and store", cost: true},
	{name: "MapFilterSum", dir: "streams", title: "Map, filter and fold", cost: true},
	{name: "ParallelMap", dir: "streams", title: "A map in eight goroutines", cost: true},
	{name: "Batch", dir: "streams", title: "Batches of 1000, or of a second", cost: true},
	{name: "Group", dir: "streams", title: "Items counted by key", cost: true},
	{name: "Telemetry", dir: "streams", title: "What telemetry costs an item", cost: true},
	{name: "Writer", dir: "streams", title: "Lines written to a file, closing included", cost: true},
	{name: "WriterTail", dir: "streams", title: "How long a write of a line takes", cost: true},
	{name: "Queue", dir: "streams", title: "A queue on disk, nothing synced", cost: true},
	{name: "Durable", dir: "streams", title: "A queue on disk, every record synced", cost: true},
	{name: "Overflow", dir: "streams", title: "Records handed over in memory, and on disk when it is full", cost: true},
	{name: "Damage", dir: "streams", worst: true, title: "A thousand records on disk, damaged: the worst run"},
	{name: "EarlyStop", dir: "streams", worst: true, title: "Ten items taken of an endless source: the worst run"},
	{name: "Panic", dir: "streams", title: "Functions that panic"},
	{name: "Decision", dir: "redis", title: "A permit taken in Redis", cost: true},
	{
		name: "Shared", dir: "redis", worst: true,
		title: "Four clients asking all the time: permits given, of rate*t + burst; the worst run",
	},
	{name: "Lock", dir: "redis", title: "A lock in Redis taken and freed", cost: true},
	{name: "HTTPServer", dir: "http", title: "A request handled under a rate limit, a concurrency limit and a breaker", cost: true},
	{name: "HTTPClient", dir: "http", title: "A request sent under a timeout, a retry and a breaker", cost: true},
}

func names() (names []string) {
	for _, s := range all {
		names = append(names, s.name)
	}
	return names
}

func (c config) suites() (chosen []suite) {
	for _, s := range all {
		if c.bench.MatchString(s.name) || c.bench.MatchString(s.dir+"/"+s.name) {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

// measure builds the benchmarks once and runs them count times. The repeats are whole rounds, so
// that what else the machine does meanwhile meets everyone alike.
func (c config) measure(ctx context.Context, report *log.Logger) (_ *results, err error) {
	dir, err := os.MkdirTemp("", "ratio")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, pkg := range c.dirs() {
		build := exec.CommandContext(ctx, "go", "test", "-c", "-o", program(dir, pkg), "./"+pkg)
		build.Stdout, build.Stderr = report.Writer(), report.Writer()
		if err := build.Run(); err != nil {
			return nil, fmt.Errorf("cannot build ./%s, run this in bench: %w", pkg, err)
		}
	}
	r := newResults()
	for round := range c.count {
		report.Printf("== round %d of %d", round+1, c.count)
		for _, s := range c.suites() {
			for _, flags := range c.runs(s) {
				if err := r.add(exec.CommandContext(ctx, program(dir, s.dir), flags...), report); err != nil {
					return nil, fmt.Errorf("benchmark %s: %w", s.name, err)
				}
			}
		}
	}
	return r, nil
}

// dirs lists the packages of the chosen suites.
func (c config) dirs() (dirs []string) {
	for _, s := range c.suites() {
		if !slices.Contains(dirs, s.dir) {
			dirs = append(dirs, s.dir)
		}
	}
	return dirs
}

// program is where the benchmarks of a package are built.
func program(dir, pkg string) string { return filepath.Join(dir, pkg+".test") }

// runs are the flags of each run that a round of a suite needs, one for each number of processors: in one
// run for all of them package testing measures a b.Loop with the number before its own.
func (c config) runs(s suite) (runs [][]string) {
	procs := c.procs
	if !s.cost {
		procs = procs[len(procs)-1:]
	}
	for _, n := range procs {
		runs = append(runs, []string{
			"-test.run=^$", "-test.bench=^Benchmark" + s.name + "$",
			"-test.benchtime=" + c.benchtime.String(), "-test.cpu=" + strconv.Itoa(n),
		})
	}
	return runs
}

// add takes what a command prints into the results, and shows it.
func (r *results) add(cmd *exec.Cmd, report *log.Logger) error {
	cmd.Stderr = report.Writer()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		report.Println(lines.Text())
		r.line(lines.Text())
	}
	return cmd.Wait()
}

// place is where in the tables a figure stands.
type place struct {
	benchmark string // without /impl=, as in Bucket/allowed/serial
	procs     int
	unit      string
}

// results are the figures of all runs.
type results struct {
	machine string
	figures map[place]map[string][]float64 // by impl
	places  []place                        // in the order their benchmarks were met
	impls   []string                       // in the order they were met
}

func newResults() *results {
	return &results{machine: "unknown processor", figures: map[place]map[string][]float64{}}
}

// line takes in a line of a benchmark's output:
//
//	BenchmarkBucket/allowed/impl=juju/serial-2   1000000   60.1 ns/op   0 B/op   0 allocs/op
//
// Anything else is let pass.
func (r *results) line(text string) {
	if cpu, ok := strings.CutPrefix(text, "cpu: "); ok {
		r.machine = cpu
		return
	}
	fields := strings.Fields(text)
	if len(fields) < 4 || len(fields)%2 != 0 {
		return
	}
	benchmark, impl, procs, ok := parseName(fields[0])
	if !ok {
		return
	}
	for i := 2; i < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return
		}
		r.put(place{benchmark, procs, fields[i+1]}, impl, value)
	}
}

func (r *results) put(at place, impl string, value float64) {
	if r.figures[at] == nil {
		r.figures[at] = map[string][]float64{}
		r.places = slices.Insert(r.places, r.after(at.benchmark), at)
	}
	if !slices.Contains(r.impls, impl) {
		r.impls = append(r.impls, impl)
	}
	r.figures[at][impl] = append(r.figures[at][impl], value)
}

// after is where the next place of a benchmark belongs.
func (r *results) after(benchmark string) int {
	for i, at := range slices.Backward(r.places) {
		if at.benchmark == benchmark {
			return i + 1
		}
	}
	return len(r.places)
}

// parseName takes a benchmark's name apart. Without -N at its end it ran on one processor.
func parseName(name string) (benchmark, impl string, procs int, ok bool) {
	name, ok = strings.CutPrefix(name, "Benchmark")
	if !ok {
		return "", "", 0, false
	}
	procs = 1
	if i := strings.LastIndexByte(name, '-'); i >= 0 {
		if n, err := strconv.Atoi(name[i+1:]); err == nil {
			name, procs = name[:i], n
		}
	}
	var rest []string
	for part := range strings.SplitSeq(name, "/") {
		if s, is := strings.CutPrefix(part, "impl="); is {
			impl = s
			continue
		}
		rest = append(rest, part)
	}
	return strings.Join(rest, "/"), impl, procs, impl != ""
}
