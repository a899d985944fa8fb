package faults

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// results are what the rows that ran in full have measured.
var results report

type report struct {
	mu    sync.Mutex
	lines map[string]string // by row
}

// add notes a row. What did not hold stays visible.
func (r *report) add(row row, held string, seed uint64, measured []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lines == nil {
		r.lines = map[string]string{}
	}
	r.lines[row.id] = fmt.Sprintf("| %s | %s | %s | %s | %s | %s | `make faults ROWS=%s` seed %d |",
		row.id, row.fault, row.figure, strings.Join(measured, "; "), held, time.Now().UTC().Format(time.DateOnly), row.id, seed)
}

// write replaces the lines of the rows in a file's table.
func (r *report) write(path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if path == "" || len(r.lines) == 0 {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		id, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		if now, ok := r.lines[id]; ok {
			lines[i] = now
		}
	}
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600)
}
