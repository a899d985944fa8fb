package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/goflow-go/goflow/tools/registry"
)

// The grid of a dashboard.
const (
	columns = 24
	width   = 8
	height  = 8
)

// object is a JSON object. Its keys are written in order of the alphabet.
type object = map[string]any

var datasource = object{"type": "prometheus", "uid": "${datasource}"}

// render makes Grafana's JSON of a description.
func render(n *names, d description) ([]byte, error) {
	panels, err1 := layout(n, d.Rows)
	annotations, err2 := annotationsOf(n, d.Annotations)
	first, ok := n.metrics[d.Rows[0].Panels[0].Of]
	if err := errors.Join(err1, err2); err != nil || !ok {
		return nil, err
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(object{
		"annotations":   object{"list": annotations},
		"description":   d.Brief,
		"editable":      true,
		"graphTooltip":  1, // one crosshair for all panels
		"links":         []object{otherDashboards},
		"panels":        panels,
		"refresh":       "10s",
		"schemaVersion": 39,
		"tags":          []string{tag},
		"templating":    object{"list": variables(first)},
		"time":          object{"from": "now-30m", "to": "now"},
		"timezone":      "",
		"title":         d.Title,
		"uid":           d.UID,
		"version":       1,
	})
	return text.Bytes(), err
}

// tag is on all dashboards; they link to each other by it.
const tag = "goflow"

var otherDashboards = object{
	"asDropdown": true, "includeVars": true, "keepTime": true, "tags": []string{tag}, "title": "goflow", "type": "dashboards",
}

// layout sets rows one below the other, and in them panels from left to right.
func layout(n *names, rows []row) ([]object, error) {
	var panels []object
	var faults []error
	x, y := 0, 0
	place := func(o object, w, h int) {
		if x+w > columns {
			x, y = 0, y+height
		}
		o["id"], o["gridPos"] = len(panels)+1, object{"x": x, "y": y, "w": w, "h": h}
		panels = append(panels, o)
		x += w
	}
	for _, r := range rows {
		place(object{"type": "row", "title": r.Title, "collapsed": false, "panels": []object{}}, columns, 1)
		x, y = 0, y+1
		for _, p := range r.Panels {
			o, err := panelOf(n, p)
			if err != nil {
				faults = append(faults, fmt.Errorf("row %q, panel %q: %w", r.Title, p.Title, err))
				continue
			}
			w := p.Width
			if w == 0 {
				w = width
			}
			place(o, w, height)
		}
		x, y = 0, y+height
	}
	return panels, errors.Join(faults...)
}

// annotationsOf marks changes of state.
func annotationsOf(n *names, list []annotation) ([]object, error) {
	marks := []object{}
	for i, a := range list {
		metric, ok := n.metrics[a.Of]
		if !ok || metric.Instrument != "counter" {
			return nil, fmt.Errorf("annotation %q: no registry declares the counter %q", a.Title, a.Of)
		}
		labels, err := n.labels(metric, a.By)
		if err != nil {
			return nil, err
		}
		selector, err := n.selector(metric, a.Where)
		if err != nil {
			return nil, err
		}
		marks = append(marks, object{
			"name": a.Title, "datasource": datasource, "enable": true, "hide": false, "iconColor": colours[i%len(colours)],
			"expr":        fmt.Sprintf("sum %s(increase(%s%s[$__rate_interval])) > 0", by(labels...), registry.PrometheusName(metric), selector),
			"step":        "10s",
			"titleFormat": a.Title, "textFormat": sight{labels: labels}.legend(""),
		})
	}
	return marks, nil
}

var colours = []string{"orange", "blue", "purple", "red"}

// variables are the choices at the top. The first metric of a dashboard tells which jobs it is about.
func variables(metric registry.Group) []object {
	name := registry.PrometheusName(metric)
	if metric.Instrument == "histogram" {
		name += "_count"
	}
	return []object{
		{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "current": object{}},
		choice("job", "Job", fmt.Sprintf("label_values(%s, job)", name)),
		choice("instance", "Instance", fmt.Sprintf(`label_values(%s{job=~"$job"}, instance)`, name)),
	}
}

func choice(name, title, definition string) object {
	return object{
		"name": name, "label": title, "type": "query", "datasource": datasource,
		"definition": definition, "query": object{"query": definition, "refId": "variable-" + name},
		"refresh": 2, "sort": 1, "multi": true, "includeAll": true, "allValue": ".*",
		"current": object{"text": []string{"All"}, "value": []string{"$__all"}},
	}
}

// oneLine undoes the folding of YAML.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
