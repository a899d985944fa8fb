package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// findings are what a run has shown.
type findings struct {
	date    time.Time
	engine  string // its version
	compose string // that of docker-compose
	load    string // of the machine, when all was over
	images  []image
	up      time.Duration
	faults  []broken
	checks  []check
}

// bounds are how many records a fault of a service may lose and double; the zero bound is for those who hold none.
var bounds = map[string]bound{
	"gateway-1": {duplicated: batch},
	"gateway-2": {duplicated: batch},
	"redis":     {duplicated: 2 * batch, lost: 2 * int(held/pace)},
}

// held is for how long Redis may answer before it writes, when its file is slow to sync: the requests of that time
// may be lost when it is killed in it.
const held = 2 * time.Second

// batch is how many records a gateway delivers at once, at most: delivery in examples/gateway.
const batch = 256

// broken says what was not as it has to be.
func (f *findings) broken() error {
	var faults []error
	for _, b := range f.faults {
		if b.recovery > maxRecovery {
			faults = append(faults, fmt.Errorf("%s: all healthy after %.1f s, want %v at most", b.name, b.recovery.Seconds(), maxRecovery))
		}
		if b.lost > b.bound.lost || b.duplicated > b.bound.duplicated {
			faults = append(faults, fmt.Errorf("%s: %d records lost and %d doubled, want %d and %d at most",
				b.name, b.lost, b.duplicated, b.bound.lost, b.bound.duplicated))
		}
		if b.made == 0 {
			faults = append(faults, fmt.Errorf("%s: no request was made", b.name))
		}
	}
	for _, c := range f.checks {
		if c.err != nil {
			faults = append(faults, fmt.Errorf("not so: %s: %w", c.what, c.err))
		}
	}
	return errors.Join(faults...)
}

// markdown is the report.
func (f *findings) markdown() string {
	var text strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	line("Run on %s by `make compose-verify`, with Docker %s and Compose %s, on %d cores with a load average of %s. All were healthy %.0f s after `up`, with the images built.\n",
		f.date.Format(time.DateOnly), f.engine, f.compose, runtime.NumCPU(), f.load, f.up.Seconds())
	line("| image | what ran |\n|---|---|")
	for _, i := range f.images {
		line("| %s | %s |", i.name, i.ran())
	}
	line("\n| fault | all healthy again (< %.0f s) | waited for | requests | failed | records lost (at most) | doubled (at most) |\n|---|---|---|---|---|---|---|", maxRecovery.Seconds())
	for i, b := range f.faults {
		recovery := fmt.Sprintf("%.1f s", b.recovery.Seconds())
		if i == 0 {
			recovery = ""
		}
		line("| %s | %s | %s | %d | %d | %d (%d) | %d (%d) |", b.name, recovery, b.last, b.made, b.failed, b.lost, b.bound.lost, b.duplicated, b.bound.duplicated)
	}
	line("\nBeside this it was checked that:\n")
	for _, c := range f.checks {
		held := "yes"
		if c.err != nil {
			held = "**no**"
		}
		line("- %s: %s", c.what, held)
	}
	if open := f.unverified(); len(open) > 0 {
		line("\nNot verified here:\n\n- %s", strings.Join(open, "\n- "))
	}
	return text.String()
}

// ran says what ran under the name.
func (i image) ran() string {
	if i.standIn == "" {
		return "the image itself"
	}
	return "stood in for by " + i.standIn
}

// unverified lists what a run cannot show where images are missing.
func (f *findings) unverified() []string {
	var all []string
	for _, i := range f.images {
		if i.standIn == "" {
			continue
		}
		all = append(all, i.name+": "+i.gap())
	}
	switch {
	case strings.HasPrefix(f.compose, "1."):
		all = append(all, "Compose v2, and BuildKit, which it builds with")
	case os.Getenv("DOCKER_BUILDKIT") == "0":
		all = append(all, "BuildKit, which Compose builds with unless it is told not to")
	}
	return all
}

// gap is what a stand-in leaves open.
func (i image) gap() string {
	if i.standIn == builtJaeger {
		return "the image, its pages, and what is new since the release that was built"
	}
	repository, _, _ := strings.Cut(i.name, ":")
	return gaps[repository]
}

// gaps are what a stand-in leaves open, by repository.
var gaps = map[string]string{
	"golang":                               "the image, and downloading modules from a proxy",
	"redis":                                "the image and its entry point; the program is an older release",
	"prom/prometheus":                      "the image, its pages, and what is new since version 2",
	"otel/opentelemetry-collector-contrib": "the image; the parts were built from the same modules",
	"jaegertracing/jaeger":                 "nothing of Jaeger has run, nor has its config been read by it",
	"grafana/grafana":                      "nothing of Grafana has run: no dashboard was drawn",
}

// The markers of the report in a document.
const (
	beginMark = "<!-- compose-verify begin -->"
	endMark   = "<!-- compose-verify end -->"
)

// write puts the report between the markers.
func (f *findings) write(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	filled, err := fill(string(text), f.markdown())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(filled), 0o644)
}

// fill replaces what is between the markers.
func fill(text, report string) (string, error) {
	before, rest, begins := strings.Cut(text, beginMark)
	_, after, ends := strings.Cut(rest, endMark)
	if !begins || !ends {
		return "", errors.New("it has no " + beginMark + " with " + endMark + " after it")
	}
	return before + beginMark + "\n\n" + strings.TrimSpace(report) + "\n\n" + endMark + after, nil
}
