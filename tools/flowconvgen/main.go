package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/goflow-go/goflow/tools/registry"
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
	flags := flag.NewFlagSet("flowconvgen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	source := flags.String("registry", "../telemetry/registry.yaml", "the registry to read")
	code := flags.String("go", "../telemetry/flowconv/registry_gen.go", "the Go file to write")
	catalogue := flags.String("doc", "../docs/telemetry.md", "the Markdown file to write")
	check := flags.Bool("check", false, "write nothing; fail when a file is not up to date")
	if err := flags.Parse(args); err != nil {
		return err
	}

	text, err := os.ReadFile(*source)
	if err != nil {
		return fmt.Errorf("flowconvgen: %w", err)
	}
	reg, err := registry.Parse(text)
	if err != nil {
		return fmt.Errorf("flowconvgen: %s:\n%w", *source, err)
	}
	gocode, err := goFile(reg)
	if err != nil {
		return fmt.Errorf("flowconvgen: %w", err)
	}
	put := write
	if *check {
		put = compare
	}
	return errors.Join(put(*code, gocode), put(*catalogue, markdown(reg)))
}

func write(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return fmt.Errorf("flowconvgen: %w", err)
	}
	return nil
}

// compare fails when the file at path is not content.
func compare(path string, content []byte) error {
	have, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("flowconvgen: %w", err)
	}
	if !bytes.Equal(have, content) {
		return fmt.Errorf("flowconvgen: %s is not up to date: run `make generate`", path)
	}
	return nil
}
