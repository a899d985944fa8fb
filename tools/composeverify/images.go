package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// image is one the demo needs, and what ran under its name.
type image struct {
	name    string
	standIn string // what was made in its place; "" is the image itself
}

// markLabel marks a stand-in, and says what it is.
const markLabel = "goflow.stand-in"

// provideImages sees to it that each image the demo needs is there, by its name.
func (d *demo) provideImages(ctx context.Context) ([]image, error) {
	names, err := d.imageNames()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "compose-verify-images")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	var images []image
	for _, name := range names {
		standIn, err := d.provide(ctx, dir, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		images = append(images, image{name, standIn})
	}
	return images, nil
}

// base finds what the Dockerfile is built from.
var base = regexp.MustCompile(`(?m)^ARG \w+=(\S+:\S+)$`)

// imageNames lists what is not built of this repository.
func (d *demo) imageNames() ([]string, error) {
	text, err := os.ReadFile(filepath.Join(d.root, "Dockerfile"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range base.FindAllStringSubmatch(string(text), -1) {
		names = append(names, m[1])
	}
	for _, service := range d.file.Services {
		if service.Build == nil {
			names = append(names, service.Image)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// provide has the image that is there already, or pulls it, or makes one. It says what was made.
func (d *demo) provide(ctx context.Context, dir, name string) (string, error) {
	if label, err := d.docker(ctx, "image", "inspect", "--format", `{{index .Config.Labels "`+markLabel+`"}}`, name); err == nil {
		return strings.TrimSpace(label), nil
	}
	say("pull %s", name)
	pulling, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	_, err := d.docker(pulling, "pull", "--quiet", name)
	if err == nil {
		return "", nil
	}
	repository, _, _ := strings.Cut(name, ":")
	maker := makers[repository]
	if maker == nil {
		return "", fmt.Errorf("cannot be pulled, and nothing can stand in: %w", err)
	}
	say("make %s", name)
	s, err := maker(ctx, d.root, dir)
	if err != nil {
		return "", fmt.Errorf("cannot be pulled, and no stand-in can be made: %w", err)
	}
	return s.what, d.importImage(ctx, s, name)
}
