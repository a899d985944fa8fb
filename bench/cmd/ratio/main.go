// Ratio runs the benchmarks of this module, goflow and its peers side by side, several times over,
// and prints a table of medians and ratios, and what became of goflow's goals.
//
//	go run ./cmd/ratio                          # all of it, about half an hour
//	go run ./cmd/ratio -bench Bucket -count 2   # a look at one benchmark
//	go run ./cmd/ratio -bench sched/            # a package's
//	go run ./cmd/ratio -bench 'limit/|resilience/' -o ../docs/benchmarks.md # write the tables there, between the markers
//
// A goal that is missed is no failure: how fast something runs depends on the machine. The exit code
// is 1 when the benchmarks cannot be run, and 2 when a flag is wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// config is what the flags say.
type config struct {
	count     int
	procs     []int
	benchtime time.Duration
	bench     *regexp.Regexp
	out       string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	report := log.New(stderr, "", 0)
	cfg, err := parseFlags(args, report)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	if err := compare(ctx, cfg, args, stdout, report); err != nil {
		report.Println("ratio:", err)
		return 1
	}
	return 0
}

func parseFlags(args []string, report *log.Logger) (config, error) {
	cfg := config{procs: []int{1, 2}, bench: regexp.MustCompile(".")}
	flags := flag.NewFlagSet("ratio", flag.ContinueOnError)
	flags.SetOutput(report.Writer())
	flags.IntVar(&cfg.count, "count", 5, "how often to run everything; medians are taken over the runs")
	flags.Func("cpu", "GOMAXPROCS `values` to run with (default 1,2)", func(s string) error {
		cfg.procs = nil
		for field := range strings.SplitSeq(s, ",") {
			n, err := strconv.Atoi(field)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is not a positive number", field)
			}
			cfg.procs = append(cfg.procs, n)
		}
		return nil
	})
	flags.DurationVar(&cfg.benchtime, "benchtime", 200*time.Millisecond, "how long to measure each figure, each time")
	flags.Func("bench", "run only benchmarks that match this `regexp`, with or without their package: "+strings.Join(names(), ", "), func(s string) (err error) {
		cfg.bench, err = regexp.Compile(s)
		return err
	})
	flags.StringVar(&cfg.out, "o", "", "also write the tables to this `file`, between its markers")
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	var fault string
	switch {
	case flags.NArg() > 0:
		fault = "unexpected argument: " + flags.Arg(0)
	case cfg.count < 1:
		fault = "-count must be at least 1"
	case cfg.benchtime <= 0:
		fault = "-benchtime must be above 0"
	case len(cfg.suites()) == 0:
		fault = "-bench matches no benchmark"
	default:
		return cfg, nil
	}
	report.Println("ratio:", fault)
	return cfg, errors.New(fault)
}

func compare(ctx context.Context, cfg config, args []string, stdout io.Writer, report *log.Logger) error {
	if cfg.out != "" {
		if _, _, err := around(cfg.out); err != nil { // better now than in half an hour
			return err
		}
	}
	results, err := cfg.measure(ctx, report)
	if err != nil {
		return err
	}
	command := strings.Join(append([]string{"go run ./cmd/ratio"}, args...), " ")
	tables := fmt.Sprintf("%s, %d CPUs, %s/%s, %s, %s: `%s`.\n\n%s",
		results.machine, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(),
		time.Now().Format(time.DateOnly), command, render(results, cfg.suites()))
	if _, err := io.WriteString(stdout, tables); err != nil || cfg.out == "" {
		return err
	}
	return splice(cfg.out, tables)
}
