package main

import (
	"fmt"
	"strings"

	"github.com/goflow-go/goflow/tools/registry"
)

// query is an expression and the name of its lines.
type query struct {
	expr, legend string
	exemplars    bool
	instant      bool
}

// sight is a panel's view of its metric, ready to be written as expressions.
type sight struct {
	names  *names
	metric registry.Group
	panel  panel
	labels []string
}

// views are what a panel can show.
var views = map[string]func(sight) ([]query, error){
	"rate":      sight.rate,
	"share":     sight.share,
	"level":     sight.level,
	"quantiles": sight.quantiles,
	"timeline":  sight.timeline,
	"top":       sight.top,
	"number":    sight.number,
}

// queries are the expressions of a panel, and its metric.
func queries(n *names, p panel) (registry.Group, []query, error) {
	metric, ok := n.metrics[p.Of]
	if !ok {
		return metric, nil, fmt.Errorf("no registry declares the metric %q", p.Of)
	}
	view, ok := views[p.Show]
	if !ok {
		return metric, nil, fmt.Errorf("there is no view %q", p.Show)
	}
	labels, err := n.labels(metric, p.By)
	if err != nil {
		return metric, nil, err
	}
	list, err := view(sight{n, metric, p, labels})
	return metric, list, err
}

// by is the grouping of an aggregation, with a blank after it.
func by(labels ...string) string {
	if len(labels) == 0 {
		return ""
	}
	return "by (" + strings.Join(labels, ", ") + ") "
}

// legend names a line by its labels.
func (s sight) legend(prefix string) string {
	words := strings.Fields(prefix)
	for _, l := range s.labels {
		words = append(words, "{{"+l+"}}")
	}
	if len(words) == 0 {
		return "all"
	}
	return strings.Join(words, " ")
}

// perSecond is the rate of what where picks.
func (s sight) perSecond(where map[string]string) (string, error) {
	name := registry.PrometheusName(s.metric)
	switch s.metric.Instrument {
	case "counter":
	case "histogram":
		name += "_count"
	default:
		return "", fmt.Errorf("%s is a %s, which has no rate", s.metric.MetricName, s.metric.Instrument)
	}
	selector, err := s.names.selector(s.metric, where)
	return fmt.Sprintf("sum %s(rate(%s%s[$__rate_interval]))", by(s.labels...), name, selector), err
}

func (s sight) rate() ([]query, error) {
	expr, err := s.perSecond(s.panel.Where)
	return []query{{expr: expr, legend: s.legend("")}}, err
}

func (s sight) top() ([]query, error) {
	expr, err := s.perSecond(s.panel.Where)
	return []query{{expr: "topk(10, " + expr + ")", legend: s.legend(""), instant: true}}, err
}

func (s sight) share() ([]query, error) {
	if len(s.panel.Where) == 0 {
		return nil, fmt.Errorf("a share needs a where")
	}
	part, err := s.perSecond(s.panel.Where)
	if err != nil {
		return nil, err
	}
	all, err := s.perSecond(nil)
	// What has not happened yet has no series in some instrumentation. It is a share of 0.
	return []query{{expr: fmt.Sprintf("(%s or 0 * %s) / %s", part, all, all), legend: s.legend("")}}, err
}

// now is a metric's value, of all instances together.
func (s sight) now(metric registry.Group, labels ...string) (string, error) {
	aggregate := "sum"
	switch metric.Instrument {
	case "gauge":
		aggregate = "max"
	case "updowncounter":
	default:
		return "", fmt.Errorf("%s is a %s, which has no level", metric.MetricName, metric.Instrument)
	}
	where := s.panel.Where
	if metric.MetricName != s.metric.MetricName {
		where = nil
	}
	selector, err := s.names.selector(metric, where)
	return fmt.Sprintf("%s %s(%s%s)", aggregate, by(labels...), registry.PrometheusName(metric), selector), err
}

func (s sight) level() ([]query, error) {
	expr, err := s.now(s.metric, s.labels...)
	list := []query{{expr: expr, legend: s.legend("")}}
	if s.panel.Limit == "" || err != nil {
		return list, err
	}
	limit, ok := s.names.metrics[s.panel.Limit]
	if !ok {
		return nil, fmt.Errorf("no registry declares the metric %q", s.panel.Limit)
	}
	shared := sight{names: s.names, metric: s.metric, panel: s.panel} // a limit may be told apart by less
	for _, a := range s.panel.By {
		if l, err := s.names.labels(limit, []string{a}); err == nil {
			shared.labels = append(shared.labels, l...)
		}
	}
	expr, err = shared.now(limit, shared.labels...)
	return append(list, query{expr: expr, legend: shared.legend("limit")}), err
}

func (s sight) number() ([]query, error) {
	expr, err := s.now(s.metric, s.labels...)
	return []query{{expr: expr, legend: s.legend(""), instant: true}}, err
}

func (s sight) quantiles() ([]query, error) {
	if s.metric.Instrument != "histogram" {
		return nil, fmt.Errorf("%s is a %s, which has no quantiles", s.metric.MetricName, s.metric.Instrument)
	}
	selector, err := s.names.selector(s.metric, s.panel.Where)
	var list []query
	for _, q := range []string{"0.5", "0.95", "0.99"} {
		expr := fmt.Sprintf("histogram_quantile(%s, sum %s(rate(%s_bucket%s[$__rate_interval])))",
			q, by(append([]string{"le"}, s.labels...)...), registry.PrometheusName(s.metric), selector)
		list = append(list, query{expr: expr, legend: s.legend("p" + percent[q]), exemplars: q == "0.99"})
	}
	return list, err
}

// percent writes a quantile as a percentile.
var percent = map[string]string{"0.5": "50", "0.95": "95", "0.99": "99"}

func (s sight) timeline() ([]query, error) {
	selector, err := s.names.selector(s.metric, s.panel.Where)
	expr := fmt.Sprintf("max %s(%s%s) == 1", by(s.labels...), registry.PrometheusName(s.metric), selector)
	return []query{{expr: expr, legend: s.legend("")}}, err
}
