package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
}

func run(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("dashgen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	registries := flags.String("registries", "../telemetry/registry.yaml,../deploy/foreign.yaml", "the registries to read, with commas between")
	source := flags.String("source", "../deploy/grafana/source", "the folder of descriptions")
	out := flags.String("out", "../deploy/grafana/dashboards", "the folder to write to")
	check := flags.Bool("check", false, "write nothing; fail when a file is not up to date")
	if err := flags.Parse(args); err != nil {
		return err
	}
	names, err := readNames(strings.Split(*registries, ","))
	if err != nil {
		return fmt.Errorf("dashgen: %w", err)
	}
	files, err := generate(names, *source)
	if err != nil {
		return fmt.Errorf("dashgen: %w", err)
	}
	put := write
	if *check {
		put = compare
	}
	for name, content := range files {
		err = errors.Join(err, put(filepath.Join(*out, name), content))
	}
	return errors.Join(err, extra(*out, files))
}

// generate makes a file of each description.
func generate(names *names, folder string) (map[string][]byte, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(paths) == 0 {
		return nil, errors.Join(err, fmt.Errorf("%s has no descriptions", folder))
	}
	files := map[string][]byte{}
	var faults []error
	for _, path := range paths {
		content, err := dashboardFile(names, path)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", path, err))
		}
		files[strings.TrimSuffix(filepath.Base(path), ".yaml")+".json"] = content
	}
	return files, errors.Join(faults...)
}

func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("dashgen: %w", err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return fmt.Errorf("dashgen: %w", err)
	}
	return nil
}

// compare fails when the file at path is not content.
func compare(path string, content []byte) error {
	have, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("dashgen: %w", err)
	}
	if !bytes.Equal(have, content) {
		return fmt.Errorf("dashgen: %s is not up to date: run `make generate`", path)
	}
	return nil
}

// extra fails when the folder has dashboards without a description.
func extra(folder string, files map[string][]byte) error {
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	for _, path := range paths {
		if _, ok := files[filepath.Base(path)]; !ok {
			err = errors.Join(err, fmt.Errorf("dashgen: %s has no description", path))
		}
	}
	return err
}
