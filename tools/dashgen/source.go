package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"
)

// description is a dashboard as a person writes it.
type description struct {
	Title       string       `yaml:"title"`
	UID         string       `yaml:"uid"`
	Brief       string       `yaml:"brief"`
	Annotations []annotation `yaml:"annotations"`
	Rows        []row        `yaml:"rows"`
}

// annotation marks the times at which a counter rose.
type annotation struct {
	Title string            `yaml:"title"`
	Of    string            `yaml:"of"`
	Where map[string]string `yaml:"where"`
	By    []string          `yaml:"by"`
}

type row struct {
	Title  string  `yaml:"title"`
	Panels []panel `yaml:"panels"`
}

// panel says what to show of a metric. The package comment lists the views.
type panel struct {
	Title string            `yaml:"title"`
	Show  string            `yaml:"show"`  // the view
	Of    string            `yaml:"of"`    // the metric
	Limit string            `yaml:"limit"` // levels: the metric that is its upper limit
	Where map[string]string `yaml:"where"` // attribute -> value, !value or ~regular expression
	By    []string          `yaml:"by"`    // attributes that are told apart
	Width int               `yaml:"width"` // of 24; 8 when 0
	Note  string            `yaml:"note"`  // what to think of it, after the metric's brief
}

// dashboardFile makes the JSON of the description at path.
func dashboardFile(names *names, path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	var d description
	if err := dec.Decode(&d); err != nil {
		return nil, err
	}
	if err := d.validate(); err != nil {
		return nil, err
	}
	return render(names, d)
}

// validate reports what is missing. Names are checked where they are used.
func (d description) validate() error {
	var faults []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	require(d.Title != "" && d.UID != "" && d.Brief != "", "title, uid and brief are wanted")
	require(len(d.Rows) > 0, "there are no rows")
	for _, r := range d.Rows {
		require(r.Title != "" && len(r.Panels) > 0, "row %q wants a title and panels", r.Title)
		for _, p := range r.Panels {
			require(p.Title != "", "row %q: a panel has no title", r.Title)
			require(p.Width >= 0 && p.Width <= columns, "panel %q: width must be at most %d", p.Title, columns)
			require(p.Limit == "" || p.Show == "level", "panel %q: a limit is for levels", p.Title)
		}
	}
	return errors.Join(faults...)
}
