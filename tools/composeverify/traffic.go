package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// gateways are where the demo's gateways are reached from this machine.
var gateways = map[string]string{
	"gateway-1": "http://127.0.0.1:8080",
	"gateway-2": "http://127.0.0.1:8081",
}

const (
	pace    = 100 * time.Millisecond // from one request at a gateway to the next
	timeout = 3 * time.Second        // of a request
)

// call is a request that was made.
type call struct {
	id       string
	phase    int
	answered bool // with 2xx
}

// traffic makes requests at both gateways all the while, whatever the answers, and remembers them. Each has an id of
// its own, by which its record is known.
type traffic struct {
	run    string // in each id, so that no other run's is mistaken for one
	client *http.Client

	mu    sync.Mutex
	phase int
	calls []call
}

func newTraffic(run string) *traffic {
	return &traffic{run: run, client: &http.Client{Timeout: timeout, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
}

// drive makes requests until ctx ends, and returns when all were answered or given up.
func (t *traffic) drive(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	defer t.client.CloseIdleConnections()
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			for gateway, url := range gateways {
				id, phase := fmt.Sprintf("%s-%s-%d", t.run, gateway, n), t.now()
				all.Go(func() {
					ok := t.ask(context.WithoutCancel(ctx), url+"/hello", id)
					t.note(call{id, phase, ok})
				})
			}
		}
	}
}

// ask makes one request, and says whether it was answered well.
func (t *traffic) ask(ctx context.Context, url, id string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	r.Header.Set("X-Request-Id", id)
	resp, err := t.client.Do(r)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err == nil && resp.StatusCode/100 == 2
}

func (t *traffic) note(c call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = append(t.calls, c)
}

// next begins a phase: what is asked from now on belongs to it.
func (t *traffic) next() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.phase++
	return t.phase
}

func (t *traffic) now() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.phase
}

// tally is what became of the requests of a phase, and of their records.
type tally struct {
	made, failed     int
	lost, duplicated int // of those that were answered well, and of all
}

// tally counts by phase, when the traffic has ended. Records says how many there are of each id.
func (t *traffic) tally(records map[string]int) map[int]tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := map[int]tally{}
	for _, c := range t.calls {
		n := counts[c.phase]
		n.made++
		if !c.answered {
			n.failed++
		}
		if c.answered && records[c.id] == 0 {
			n.lost++
		}
		n.duplicated += max(0, records[c.id]-1)
		counts[c.phase] = n
	}
	return counts
}
