package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	calm        = 2 * time.Second  // from when all is well to the next fault
	outage      = 5 * time.Second  // how long what is paused or cut stays so
	maxRecovery = 15 * time.Second // until all are healthy again
)

// fault is something that is done to the demo. do returns when it is over, and tells from when on it has to recover.
type fault struct {
	name  string
	bound bound
	do    func(ctx context.Context) (over time.Time, err error)
	back  func(ctx context.Context) string // besides that all are healthy: what is still to wait for, or ""
}

// bound is how many records it may lose and double.
type bound struct{ lost, duplicated int }

// alive is the bound for a fault that ends no process.
func (b bound) alive() bound {
	b.lost = 0
	return b
}

// broken is a fault and what came of it.
type broken struct {
	name     string
	recovery time.Duration
	last     string // what it was that took longest
	bound    bound
	tally
}

// breakAll does one thing after the other, under load, and counts the records when all is over.
func (d *demo) breakAll(ctx context.Context) ([]broken, error) {
	t := newTraffic("verify-" + strconv.FormatInt(time.Now().UnixNano(), 36))
	driving, stop := context.WithCancel(ctx)
	var driver sync.WaitGroup
	driver.Go(func() { t.drive(driving) })
	results, err := d.breakEach(ctx, t)
	stop()
	driver.Wait()
	if err != nil {
		return nil, err
	}
	if _, err := d.compose(ctx, "stop", "load"); err != nil {
		return nil, err
	}
	if err := d.standsStill(ctx); err != nil {
		return nil, fmt.Errorf("the records are still not all there: %w", err)
	}
	records, err := d.records(ctx)
	if err != nil {
		return nil, err
	}
	say("%d requests have records", len(records))
	counts := t.tally(records)
	for i := range results {
		results[i].tally = counts[i]
	}
	_, err = d.compose(ctx, "start", "load")
	return results, err
}

// breakEach has a phase without a fault first, to compare with.
func (d *demo) breakEach(ctx context.Context, t *traffic) ([]broken, error) {
	pause(ctx, outage)
	results := []broken{{name: "none"}}
	for _, f := range d.faults() {
		t.next()
		pause(ctx, calm)
		over, err := f.do(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		took, last := d.recover(ctx, f, over)
		say("%s: healthy after %.1f s, %s last", f.name, took.Seconds(), last)
		results = append(results, broken{name: f.name, recovery: took, last: last, bound: f.bound})
		pause(ctx, calm)
	}
	return results, ctx.Err()
}

// faults are all of them: each service is killed, and what holds state is also stopped for a while, and cut off.
func (d *demo) faults() []fault {
	var all []fault
	for _, service := range d.file.services() {
		all = append(all, d.kill(service))
	}
	for _, service := range []string{"gateway-1", "gateway-2", "redis"} {
		all = append(all, d.freeze(service))
	}
	return append(all, d.cut("redis"))
}

// recover waits until all are as they were, and says how long it took and for what it waited last.
func (d *demo) recover(ctx context.Context, f fault, over time.Time) (took time.Duration, last string) {
	ctx, cancel := context.WithDeadline(ctx, over.Add(2*maxRecovery))
	defer cancel()
	_ = poll(ctx, glance, func() bool {
		waiting := cmp.Or(d.complaints(ctx), f.back(ctx))
		last = cmp.Or(waiting, last)
		return waiting == ""
	})
	return time.Since(over), last
}

// kill ends the container's process. The engine's own kill would count as the wish that it stays down.
func (d *demo) kill(service string) fault {
	var pid int
	return fault{
		name:  "kill -9 of " + service,
		bound: bounds[service],
		do: func(ctx context.Context) (time.Time, error) {
			all, err := d.containers(ctx)
			if err != nil {
				return time.Time{}, err
			}
			pid = all[service].State.Pid
			return time.Now(), syscall.Kill(pid, syscall.SIGKILL)
		},
		back: func(ctx context.Context) string {
			if all, err := d.containers(ctx); err != nil || all[service].State.Pid == pid {
				return service
			}
			return unshared(ctx)
		},
	}
}

// freeze stops all of a container's processes for a while.
func (d *demo) freeze(service string) fault {
	return fault{
		name:  fmt.Sprintf("pause of %s for %v", service, outage),
		bound: bounds[service].alive(),
		back:  unshared,
		do: func(ctx context.Context) (time.Time, error) {
			if _, err := d.compose(ctx, "pause", service); err != nil {
				return time.Time{}, err
			}
			pause(ctx, outage)
			_, err := d.compose(context.WithoutCancel(ctx), "unpause", service)
			return time.Now(), err
		},
	}
}

// cut takes a container off the network for a while.
func (d *demo) cut(service string) fault {
	const network = project + "_default"
	return fault{
		name:  fmt.Sprintf("network of %s cut for %v", service, outage),
		bound: bounds[service].alive(),
		back:  unshared,
		do: func(ctx context.Context) (time.Time, error) {
			all, err := d.containers(ctx)
			if err != nil {
				return time.Time{}, err
			}
			if _, err := d.docker(ctx, "network", "disconnect", network, all[service].ID); err != nil {
				return time.Time{}, err
			}
			pause(ctx, outage)
			_, err = d.docker(context.WithoutCancel(ctx), "network", "connect", "--alias", service, network, all[service].ID)
			return time.Now(), err
		},
	}
}

// unshared names a gateway that does not share its limits through Redis.
func unshared(ctx context.Context) string {
	for name, page := range consoles {
		text, err := get(ctx, page+"/metrics")
		if err != nil || !coordinated.Match(text) {
			return "limits of " + name
		}
	}
	return ""
}

// consoles are where the admin pages of the demo's gateways are reached from this machine.
var consoles = map[string]string{"gateway-1": "http://127.0.0.1:9090", "gateway-2": "http://127.0.0.1:9091"}

var coordinated = regexp.MustCompile(`(?m)^goflow_coordination_mode\{[^}]*goflow_coordination_mode="coordinated"[^}]*\} 1$`)
