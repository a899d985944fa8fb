package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// median gives the middle of the values, or the mean of the two there.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// figure is what counts of an implementation's runs; false when there were none.
func (r *results) figure(at place, impl string) (float64, bool) {
	values := r.figures[at][impl]
	if len(values) == 0 {
		return 0, false
	}
	for _, s := range all {
		if s.worst && s.has(at) {
			return slices.Max(values), true
		}
	}
	return median(values), true
}

// has reports whether a place is of this suite.
func (s suite) has(at place) bool { return strings.HasPrefix(at.benchmark, s.name+"/") }

// render gives the goals and the tables of the suites in Markdown.
func render(r *results, suites []suite) string {
	var out strings.Builder
	r.renderGoals(&out, suites)
	for _, s := range suites {
		for _, unit := range r.units(s) {
			r.renderTable(&out, s, unit)
		}
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// renderGoals writes a row for each goal of the suites.
func (r *results) renderGoals(out *strings.Builder, suites []suite) {
	out.WriteString("### Goals\n\n")
	row(out, "goal", "goflow", "beside", "measured", "goal is", "verdict")
	rule(out, 6)
	for _, g := range goals {
		if !slices.ContainsFunc(suites, func(s suite) bool { return s.has(g.at) }) {
			continue
		}
		o, measured := g.judge(r.figure)
		if !measured {
			row(out, g.what, "", "", "", "", "not measured")
			continue
		}
		row(out, g.what, o.figure, o.beside, o.measured, o.bound, o.verdict)
	}
	out.WriteString("\n")
}

// units lists what a suite was measured in. Bytes allocated say no more than allocations do.
func (r *results) units(s suite) (units []string) {
	for _, at := range r.places {
		if s.has(at) && at.unit != "B/op" && !slices.Contains(units, at.unit) {
			units = append(units, at.unit)
		}
	}
	return units
}

// renderTable writes a row for each benchmark and number of processors, a column for each
// implementation. In brackets stands goflow's figure divided by that column's.
func (r *results) renderTable(out *strings.Builder, s suite, unit string) {
	var rows []place
	for _, at := range r.places {
		if s.has(at) && at.unit == unit {
			rows = append(rows, at)
		}
	}
	columns := slices.DeleteFunc(slices.Clone(r.impls), func(impl string) bool {
		return !slices.ContainsFunc(rows, func(at place) bool { return r.figures[at][impl] != nil })
	})
	slices.SortStableFunc(columns, goflowFirst)
	fmt.Fprintf(out, "### %s: %s\n\n", s.title, unit)
	row(out, append([]string{"benchmark", "processors"}, columns...)...)
	rule(out, 2+len(columns))
	for _, at := range rows {
		cells := []string{strings.TrimPrefix(at.benchmark, s.name+"/"), strconv.Itoa(at.procs)}
		for _, impl := range columns {
			cells = append(cells, r.cell(s, at, impl))
		}
		row(out, cells...)
	}
	out.WriteString("\n")
}

func goflowFirst(a, b string) int {
	rank := func(impl string) int {
		if strings.HasPrefix(impl, "goflow") {
			return 0
		}
		return 1
	}
	return rank(a) - rank(b)
}

func (r *results) cell(s suite, at place, impl string) string {
	value, ok := r.figure(at, impl)
	if !ok {
		return "-"
	}
	if mine, name := r.mine(at); s.cost && impl != name && value > 0 && mine > 0 {
		return fmt.Sprintf("%s (%.2fx)", number(value), mine/value)
	}
	return number(value)
}

// mine is goflow's figure in a place, and the name it stands under: bare where there is nothing to meter.
func (r *results) mine(at place) (value float64, impl string) {
	if value, ok := r.figure(at, ours); ok {
		return value, ours
	}
	value, _ = r.figure(at, bare)
	return value, bare
}

func row(out *strings.Builder, cells ...string) {
	out.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func rule(out *strings.Builder, columns int) {
	out.WriteString("|" + strings.Repeat("---|", columns) + "\n")
}

// number writes a value with as many digits as a benchmark has.
func number(v float64) string {
	digits := 4
	for size := max(v, -v); size >= 1 && digits > 0; size /= 10 {
		digits--
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// The markers the tables stand between in a page.
const (
	begin = "<!-- ratio: begin, written by bench/cmd/ratio -->\n"
	end   = "<!-- ratio: end -->\n"
)

// around reads what stands before and after the tables in a page, markers included.
func around(path string) (before, after string, err error) {
	page, err := os.ReadFile(path)
	if err != nil {
		return "", "", err
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, okEnd := strings.Cut(rest, end)
	if !ok || !okEnd {
		return "", "", fmt.Errorf("%s lacks a line %q followed by a line %q", path, begin, end)
	}
	return before + begin, end + after, nil
}

// splice puts the tables into a page, and leaves the rest as it is.
func splice(path, tables string) error {
	before, after, err := around(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(before+"\n"+tables+"\n"+after), 0o644)
}
