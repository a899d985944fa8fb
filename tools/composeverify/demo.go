package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// composeFile is what is verified.
const composeFile = "docker-compose.yml"

// compose is what has to be known of it.
type compose struct {
	Services map[string]struct {
		Image       string
		Build       any
		Healthcheck any
	}
}

func readCompose(path string) (compose, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return compose{}, err
	}
	var file compose
	if err := yaml.Unmarshal(text, &file); err != nil {
		return compose{}, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// services are its services, in alphabetical order.
func (c compose) services() []string { return slices.Sorted(maps.Keys(c.Services)) }

// demo is the compose file as it runs.
type demo struct {
	root   string
	engine *engine
	file   compose
	ids    []string // of the containers, once all are there; a restart keeps them
}

// project names the containers, so that no other demo is in the way.
const project = "goflow-verify"

// docker runs the client, and gives what it printed.
func (d *demo) docker(ctx context.Context, args ...string) (string, error) {
	return output(d.engine.command(ctx, docker(), args...))
}

// compose runs docker-compose, or docker's own.
func (d *demo) compose(ctx context.Context, args ...string) (string, error) {
	command := append([]string{"docker-compose", "--project-name", project}, args...)
	if _, err := exec.LookPath(command[0]); err != nil {
		command = append([]string{docker(), "compose", "--project-name", project}, args...)
	}
	cmd := d.engine.command(ctx, command[0], command[1:]...)
	cmd.Dir = d.root
	return output(cmd)
}

func output(cmd *exec.Cmd) (string, error) {
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, tail([]byte(string(out)+stderr.String()), 15))
	}
	return string(out), nil
}

const (
	patience = 3 * time.Minute        // until all are healthy at first
	glance   = 250 * time.Millisecond // from one look at them to the next
)

// up builds and starts all, and says how long it took until all were healthy, once they were built.
func (d *demo) up(ctx context.Context) (time.Duration, error) {
	say("build")
	if _, err := d.compose(ctx, "build"); err != nil {
		return 0, err
	}
	say("up")
	began := time.Now()
	if _, err := d.compose(ctx, "up", "--detach", "--build"); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ids, err := d.docker(ctx, "ps", "--all", "--quiet", "--filter", "label=com.docker.compose.project="+project)
	if err != nil {
		return 0, err
	}
	d.ids = strings.Fields(ids)
	if err := poll(ctx, glance, func() bool { return d.complaints(ctx) == "" }); err != nil {
		ctx := context.WithoutCancel(ctx)
		logs, _ := d.compose(ctx, "logs", "--tail", "5")
		return 0, fmt.Errorf("not healthy after %v: %s\n%s", patience, d.complaints(ctx), logs)
	}
	return time.Since(began), nil
}

// close takes all down again, the volumes too.
func (d *demo) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	say("down")
	if _, err := d.compose(ctx, "down", "--volumes", "--timeout", "5"); err != nil {
		say("%v", err)
	}
	d.engine.stop()
}

// container is what the engine says about one.
type container struct {
	Config struct {
		User   string
		Labels map[string]string
	}
	HostConfig struct {
		ReadonlyRootfs bool
		CapDrop        []string
		SecurityOpt    []string
		PidsLimit      int64
		Memory         int64
	}
	State struct {
		Pid     int
		Running bool
		Health  *struct{ Status string }
	}
	NetworkSettings struct {
		Ports    map[string][]struct{ HostIP, HostPort string }
		Networks map[string]any
	}
	ID string
}

// containers asks about all, by service.
func (d *demo) containers(ctx context.Context) (map[string]container, error) {
	out, err := d.docker(ctx, append([]string{"inspect"}, d.ids...)...)
	if err != nil {
		return nil, err
	}
	var list []container
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return nil, err
	}
	all := map[string]container{}
	for _, c := range list {
		all[c.Config.Labels["com.docker.compose.service"]] = c
	}
	return all, nil
}

// well says whether a container is as it should be.
func (c container) well() bool {
	return c.State.Running && (c.State.Health == nil || c.State.Health.Status == "healthy")
}

// complaints names the services that are not as they should be.
func (d *demo) complaints(ctx context.Context) string {
	all, err := d.containers(ctx)
	if err != nil {
		return err.Error()
	}
	var ill []string
	for _, service := range d.file.services() {
		if !all[service].well() {
			ill = append(ill, service)
		}
	}
	return strings.Join(ill, ", ")
}
