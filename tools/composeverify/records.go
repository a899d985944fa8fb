package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// stream is where the gateways deliver a record of each request.
const stream = "goflow:gateway:usage"

// redis runs a command in Redis's container.
func (d *demo) redis(ctx context.Context, command ...string) (string, error) {
	return d.compose(ctx, append([]string{"exec", "-T", "redis", "redis-cli", "--json"}, command...)...)
}

// standsStill waits until nothing has been added to the stream for a while.
func (d *demo) standsStill(ctx context.Context) error {
	const still = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	before := ""
	return poll(ctx, still, func() bool {
		now, err := d.redis(ctx, "XLEN", stream)
		same := err == nil && now == before
		before = now
		return same
	})
}

// records counts the records of each request.
func (d *demo) records(ctx context.Context) (map[string]int, error) {
	out, err := d.redis(ctx, "XRANGE", stream, "-", "+")
	if err != nil {
		return nil, err
	}
	return countRecords(out)
}

// countRecords reads what redis-cli prints of a stream: pairs of an entry's own id and its fields.
func countRecords(text string) (map[string]int, error) {
	var entries [][2]json.RawMessage
	if err := json.Unmarshal([]byte(text), &entries); err != nil {
		return nil, fmt.Errorf("reading %s: %w", stream, err)
	}
	counts := map[string]int{}
	for _, entry := range entries {
		var fields []string
		if err := json.Unmarshal(entry[1], &fields); err != nil {
			return nil, fmt.Errorf("reading %s: %w", stream, err)
		}
		for i := 0; i+1 < len(fields); i += 2 {
			if fields[i] == "id" {
				counts[strings.TrimSpace(fields[i+1])]++
			}
		}
	}
	return counts, nil
}
