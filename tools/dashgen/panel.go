package main

import "github.com/goflow-go/goflow/tools/registry"

// kinds are Grafana's panels for the views; timeseries for those that are not here.
var kinds = map[string]string{"timeline": "state-timeline", "top": "bargauge", "number": "stat"}

// panelOf makes a panel's JSON, but for its place.
func panelOf(n *names, p panel) (object, error) {
	metric, list, err := queries(n, p)
	if err != nil {
		return nil, err
	}
	kind, ok := kinds[p.Show]
	if !ok {
		kind = "timeseries"
	}
	return object{
		"type": kind, "title": p.Title, "datasource": datasource,
		"description": oneLine(metric.Brief+" "+p.Note) + "\n\nMetric: " + metric.MetricName,
		"targets":     targets(list),
		"fieldConfig": object{"defaults": defaults(metric, p), "overrides": overrides(p)},
		"options":     options(kind),
	}, nil
}

func targets(list []query) []object {
	var all []object
	for i, q := range list {
		all = append(all, object{
			"refId": string(rune('A' + i)), "datasource": datasource, "editorMode": "code",
			"expr": q.expr, "legendFormat": q.legend, "exemplar": q.exemplars, "instant": q.instant, "range": !q.instant,
		})
	}
	return all
}

// unit is Grafana's name of a metric's unit, in a view.
func unit(metric registry.Group, show string) string {
	perSecond := show == "top" || show == "rate"
	switch {
	case show == "share" || metric.Unit == "1":
		return "percentunit"
	case perSecond && metric.Instrument == "histogram":
		return "suffix:/s"
	case perSecond && metric.Unit == "s": // seconds in a second
		return "percentunit"
	case perSecond && metric.Unit == "By":
		return "Bps"
	case perSecond:
		return "suffix:/s"
	case metric.Unit == "By":
		return "bytes"
	case metric.Unit == "s":
		return "s"
	}
	return "short"
}

func defaults(metric registry.Group, p panel) object {
	o := object{"unit": unit(metric, p.Show), "min": 0, "noValue": "none"}
	switch p.Show {
	case "timeline":
		o["mappings"] = []object{{"type": "value", "options": object{"1": object{"text": "now", "index": 0}}}}
		o["custom"] = object{"fillOpacity": 70, "lineWidth": 0}
		o["color"] = object{"mode": "palette-classic"}
		delete(o, "unit")
	case "top", "number":
		o["color"] = object{"mode": "palette-classic"}
	default:
		o["custom"] = object{"drawStyle": "line", "fillOpacity": 10, "lineWidth": 1, "showPoints": "never", "spanNulls": false}
		o["color"] = object{"mode": "palette-classic"}
	}
	return o
}

// overrides draws limits as dashed lines.
func overrides(p panel) []object {
	if p.Limit == "" {
		return []object{}
	}
	return []object{{
		"matcher": object{"id": "byFrameRefID", "options": "B"},
		"properties": []object{
			{"id": "custom.lineStyle", "value": object{"fill": "dash", "dash": []int{10, 10}}},
			{"id": "custom.fillOpacity", "value": 0},
		},
	}}
}

func options(kind string) object {
	switch kind {
	case "state-timeline":
		return object{"showValue": "never", "mergeValues": true, "rowHeight": 0.8, "legend": object{"showLegend": false}}
	case "bargauge":
		return object{"orientation": "horizontal", "displayMode": "gradient", "reduceOptions": object{"calcs": []string{"lastNotNull"}}}
	case "stat":
		return object{"colorMode": "value", "graphMode": "none", "reduceOptions": object{"calcs": []string{"lastNotNull"}}}
	}
	return object{
		"legend":  object{"showLegend": true, "displayMode": "table", "placement": "bottom", "calcs": []string{"lastNotNull", "max"}},
		"tooltip": object{"mode": "multi", "sort": "desc"},
	}
}
