package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"syscall"
	"time"
)

// check is something that has to be so, and what is not.
type check struct {
	what string
	err  error
}

// checkContainers asks the kernel, not the engine, what the containers may do.
func (d *demo) checkContainers(ctx context.Context) []check {
	all, err := d.containers(ctx)
	if err != nil {
		return []check{{"containers can be looked at", err}}
	}
	each := func(what string, ask func(container) error) check {
		var faults []error
		for _, service := range d.file.services() {
			if err := ask(all[service]); err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", service, err))
			}
		}
		return check{what, errors.Join(faults...)}
	}
	return []check{
		each("no process is root's, has a capability or can gain one", confined),
		each("writing to / fails", sealed),
		each("memory and processes are limited", limited),
		each("ports are published on 127.0.0.1 alone", loopback),
	}
}

// confined reads what the kernel knows of the container's first process.
func confined(c container) error {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.State.Pid))
	if err != nil {
		return err
	}
	for _, want := range []string{`Uid:\t[1-9]\d*\t[1-9]\d*\t[1-9]\d*\t`, `CapPrm:\t0+\n`, `CapEff:\t0+\n`, `CapBnd:\t0+\n`, `NoNewPrivs:\t1\n`, `Seccomp:\t2\n`} {
		if !regexp.MustCompile(want).Match(status) {
			return fmt.Errorf("its process has no %q", want)
		}
	}
	return nil
}

// sealed tries to make a file in the container's root folder.
func sealed(c container) error {
	path := fmt.Sprintf("/proc/%d/root/compose-verify", c.State.Pid)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_ = f.Close()
		return errors.Join(errors.New("it can be written to"), os.Remove(path))
	}
	if !errors.Is(err, syscall.EROFS) {
		return err
	}
	return nil
}

func limited(c container) error {
	if c.HostConfig.Memory == 0 || c.HostConfig.PidsLimit == 0 {
		return fmt.Errorf("limits are %d bytes and %d processes", c.HostConfig.Memory, c.HostConfig.PidsLimit)
	}
	return nil
}

func loopback(c container) error {
	for port, at := range c.NetworkSettings.Ports {
		for _, binding := range at {
			if binding.HostIP != "127.0.0.1" {
				return fmt.Errorf("%s is published on %s", port, binding.HostIP)
			}
		}
	}
	return nil
}

// settled is how long telemetry may take to arrive.
const settled = 30 * time.Second

// checkTelemetry looks at what has come out at the other end.
func (d *demo) checkTelemetry(ctx context.Context) []check {
	within := func(what string, ask func(context.Context) error) check {
		ctx, cancel := context.WithTimeout(ctx, settled)
		defer cancel()
		var last error
		err := poll(ctx, time.Second, func() bool { last = ask(ctx); return last == nil })
		if err == nil {
			last = nil
		}
		return check{what, last}
	}
	return []check{
		within("Prometheus scrapes all its targets", targetsUp),
		within("Prometheus has loaded the rules, and all can be evaluated", rulesLoaded),
		within("metrics of both gateways are in Prometheus", func(ctx context.Context) error {
			return atLeast(ctx, `count(sum by (instance) (rate(http_server_request_duration_seconds_count[1m]) > 0))`, 2)
		}),
		within("log records have reached the collector", func(ctx context.Context) error {
			return atLeast(ctx, `sum({__name__=~"otelcol_receiver_accepted_log_records(_total)?"})`, 1)
		}),
		within("spans have left the collector", func(ctx context.Context) error {
			return atLeast(ctx, `sum({__name__=~"otelcol_exporter_sent_spans(_total)?"})`, 100)
		}),
		within("traces have reached Jaeger, or what stands there", tracesArrived),
		within("Grafana, or what stands there, has read its provisioning", func(ctx context.Context) error {
			return fetch(ctx, "http://127.0.0.1:3000/api/health", nil)
		}),
	}
}

const prometheus = "http://127.0.0.1:9292/api/v1/"

func targetsUp(ctx context.Context) error {
	var answer struct {
		Data struct {
			ActiveTargets []struct{ ScrapeURL, Health, LastError string }
		}
	}
	if err := fetch(ctx, prometheus+"targets?state=active", &answer); err != nil {
		return err
	}
	var faults []error
	for _, target := range answer.Data.ActiveTargets {
		if target.Health != "up" {
			faults = append(faults, fmt.Errorf("%s is %s: %s", target.ScrapeURL, target.Health, target.LastError))
		}
	}
	if len(answer.Data.ActiveTargets) < 4 {
		faults = append(faults, fmt.Errorf("only %d targets", len(answer.Data.ActiveTargets)))
	}
	return errors.Join(faults...)
}

func rulesLoaded(ctx context.Context) error {
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
	}
	if err := fetch(ctx, prometheus+"rules", &answer); err != nil {
		return err
	}
	if len(answer.Data.Groups) == 0 {
		return errors.New("no rules")
	}
	for _, group := range answer.Data.Groups {
		for _, rule := range group.Rules {
			if rule.Health != "ok" {
				return fmt.Errorf("%s is %s: %s", rule.Name, rule.Health, rule.LastError)
			}
		}
	}
	return nil
}

// atLeast asks for one number.
func atLeast(ctx context.Context, query string, want float64) error {
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if err := fetch(ctx, prometheus+"query?query="+url.QueryEscape(query), &answer); err != nil {
		return err
	}
	for _, sample := range answer.Data.Result {
		var got float64
		text, _ := sample.Value[1].(string)
		if _, err := fmt.Sscan(text, &got); err == nil && got >= want {
			return nil
		}
	}
	return fmt.Errorf("%s gives %v, want %v at least", query, answer.Data.Result, want)
}

// tracesArrived asks Jaeger for its services, or what stands in for it for its count.
func tracesArrived(ctx context.Context) error {
	var page struct{ Spans int }
	if err := fetch(ctx, "http://127.0.0.1:16686/", &page); err == nil && page.Spans > 0 {
		return nil
	}
	var services struct{ Data []string }
	if err := fetch(ctx, "http://127.0.0.1:16686/api/services", &services); err != nil {
		return err
	}
	if !slices.Contains(services.Data, "gateway") {
		return fmt.Errorf("it knows %q", services.Data)
	}
	return nil
}

// fetch gets a page, and decodes it where there is something to decode into.
func fetch(ctx context.Context, url string, into any) error {
	body, err := get(ctx, url)
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(body, into)
}

func get(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, resp.Status, tail(body, 1))
	}
	return body, err
}
