package console

import (
	"cmp"
	"encoding/hex"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// traceSummary is a trace in a list of them.
type traceSummary struct {
	ID       string  `json:"id"`
	Root     string  `json:"root"`
	Path     string  `json:"path,omitempty"` // of the URL, when it is a request
	Scope    string  `json:"scope"`
	Start    string  `json:"start"`
	Duration float64 `json:"duration_us"`
	Spans    int     `json:"spans"`
	Errors   int     `json:"errors"`
	Links    int     `json:"links"`
}

// rootCount is how many traces have a root of a name.
type rootCount struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// tracesJSON is the answer to api/traces.
type tracesJSON struct {
	Traces []traceSummary `json:"traces"`
	Roots  []rootCount    `json:"roots"`
}

// group is the spans of a trace.
type group struct {
	id         trace.TraceID
	spans      []spanRecord
	start, end int64
	errors     int
	links      int        // out and in
	first      spanRecord // the earliest one whose parent is not here
	cut        bool       // a parent of this process is not here
}

// minIDText is how many digits of a trace id are looked for: fewer are in many ids by chance, "ada" in 1 of 140.
const minIDText = 8

// query is what traces are wanted.
type query struct {
	text, root string
	least      int64 // nanoseconds
	errors     bool
	before     int64
	limit      int
}

func queryOf(q url.Values) query {
	before, err := time.Parse(time.RFC3339Nano, q.Get("before"))
	wanted := query{
		text: strings.ToLower(q.Get("q")), root: q.Get("root"), errors: q.Get("errors") == "1",
		least:  int64(number(q, "min_ms", 0, 0, math.MaxInt32)) * int64(time.Millisecond),
		before: math.MaxInt64, limit: number(q, "limit", 100, 1, maxList),
	}
	if err == nil {
		wanted.before = before.UnixNano()
	}
	return wanted
}

func (c *Console) serveTraces(w http.ResponseWriter, r *http.Request) {
	respond(w, http.StatusOK, c.traces(queryOf(r.URL.Query())))
}

// traces lists the traces that are wanted, and counts all of them by their roots.
func (c *Console) traces(wanted query) tracesJSON {
	c.scanning.Lock()
	defer c.scanning.Unlock()
	answer := tracesJSON{Traces: []traceSummary{}, Roots: []rootCount{}}
	counts := make(map[string]int)
	for _, g := range c.recorder.groups() {
		root := g.first.name()
		counts[root]++
		if len(answer.Traces) < wanted.limit && wanted.has(g, root) {
			answer.Traces = append(answer.Traces, g.summary())
		}
	}
	for name, n := range counts {
		answer.Roots = append(answer.Roots, rootCount{name, n})
	}
	slices.SortFunc(answer.Roots, func(a, b rootCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	answer.Roots = answer.Roots[:min(len(answer.Roots), maxList)]
	return answer
}

// groups are the traces that are kept whole, the latest first.
func (r *Recorder) groups() []*group {
	byID := make(map[trace.TraceID]*group)
	known := make(map[spanKey]struct{})
	inbound := make(map[trace.TraceID]int)
	for record := range r.allSpans().newest() {
		s := spanRecord(record)
		id := s.trace()
		if byID[id] == nil {
			byID[id] = &group{id: id}
		}
		byID[id].spans = append(byID[id].spans, s)
		known[s.key()] = struct{}{}
		for i := range s.links() {
			if to := s.link(i).trace; to != id {
				inbound[to]++
			}
		}
	}
	list := make([]*group, 0, len(byID))
	for id, g := range byID {
		g.links = inbound[id]
		g.measure(known)
		if r.whole(g) {
			list = append(list, g)
		}
	}
	slices.SortFunc(list, func(a, b *group) int { return cmp.Or(cmp.Compare(b.start, a.start), cmp.Compare(b.end, a.end)) })
	return list
}

// measure sums up the spans of a trace.
func (g *group) measure(known map[spanKey]struct{}) {
	g.start, g.end = math.MaxInt64, math.MinInt64
	for _, s := range g.spans {
		g.start, g.end = min(g.start, s.start()), max(g.end, s.end())
		g.links += s.links()
		if s.failed() {
			g.errors++
		}
		_, has := known[spanKey{g.id, s.parent()}]
		g.cut = g.cut || !has && s.parent().IsValid() && !s.remote()
		if !has && (g.first == nil || s.start() < g.first.start()) {
			g.first = s
		}
	}
	if g.first == nil { // spans that are each other's parents
		g.first = g.spans[0]
	}
}

// whole reports whether all the spans of a trace were kept that have ended. One whose root is not here
// began earlier than what is here tells, and may go on.
func (r *Recorder) whole(g *group) bool {
	if r.pins.has(g.id) {
		return true
	}
	if g.cut {
		return r.thinning.whole(g.id, g.start-int64(minTurnover), math.MaxInt64)
	}
	return r.thinning.whole(g.id, g.start, g.end)
}

func (g *group) summary() traceSummary {
	t := g.first.texts()
	root, scope := string(t.next()), string(t.next())
	return traceSummary{
		ID: g.id.String(), Root: root, Path: g.first.attr("url.path"), Scope: scope, Start: stamp(g.start), Duration: micros(g.end - g.start),
		Spans: len(g.spans), Errors: g.errors, Links: g.links,
	}
}

// has reports whether a trace is wanted.
func (q query) has(g *group, root string) bool {
	switch {
	case q.root != "" && q.root != root, q.errors && g.errors == 0, g.start >= q.before, g.end-g.start < q.least:
		return false
	case q.text == "" || len(q.text) >= minIDText && strings.Contains(hex.EncodeToString(g.id[:]), q.text):
		return true
	}
	return slices.ContainsFunc(g.spans, func(s spanRecord) bool { return s.mentions(q.text) })
}

// attr is an attribute's value, or "".
func (r spanRecord) attr(name string) string {
	t := r.texts()
	t.next() // the name
	t.next() // the scope
	t.next() // the status
	for len(t.rest) > 0 {
		found := string(t.next()) == name
		if value := t.next(); found {
			return string(value)
		}
	}
	return ""
}

// mentions reports whether a span's name or one of its attributes' values has a text in lower case.
func (r spanRecord) mentions(text string) bool {
	t := r.texts()
	if containsFold(t.next(), text) {
		return true
	}
	t.next() // the scope
	t.next() // the status
	for len(t.rest) > 0 {
		t.next() // the attribute's name
		if containsFold(t.next(), text) {
			return true
		}
	}
	return false
}

func containsFold(b []byte, lower string) bool {
	return strings.Contains(strings.ToLower(string(b)), lower)
}
