package fleet_test

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// told is a span or a log record, as the Collector writes it out.
type told struct {
	record bool // a log record
	scope  string
	fields map[string]string // as in "Kind: Server"
}

// readOutput reads the spans and log records of a trace out of what the Collector said.
func readOutput(t *testing.T, path, trace string) (spans, records []told) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var scope string
	one := told{}
	keep := func() {
		switch {
		case one.fields["Trace ID"] != trace:
		case one.record:
			records = append(records, one)
		default:
			spans = append(spans, one)
		}
		one = told{}
	}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := lines.Text()
		name, value, _ := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(line, "InstrumentationScope "):
			keep()
			scope, _, _ = strings.Cut(strings.TrimPrefix(line, "InstrumentationScope "), " ")
		case strings.HasPrefix(line, "Span #"), strings.HasPrefix(line, "LogRecord #"):
			keep()
			one = told{strings.HasPrefix(line, "LogRecord"), scope, map[string]string{}}
		case one.fields != nil && !strings.HasPrefix(name, "     ->"):
			one.fields[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	keep()
	return spans, records
}
