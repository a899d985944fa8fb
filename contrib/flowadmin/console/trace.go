package console

import (
	"cmp"
	"math"
	"net/http"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// traceJSON is the answer to api/traces/ID.
type traceJSON struct {
	ID       string     `json:"id"`
	Start    string     `json:"start"`
	Duration float64    `json:"duration_us"`
	Spans    []spanJSON `json:"spans"`
	LeftOff  int        `json:"left_off,omitempty"` // spans beyond the 1000 listed
	Logs     []logJSON  `json:"logs"`
}

// spanJSON is a span of a trace.
type spanJSON struct {
	ID         string     `json:"id"`
	Parent     string     `json:"parent"`
	Name       string     `json:"name"`
	Kind       string     `json:"kind"`
	Scope      string     `json:"scope"`
	Start      float64    `json:"start_us"`
	Duration   float64    `json:"duration_us"`
	Status     string     `json:"status"`
	StatusText string     `json:"status_text"`
	Attrs      []attr     `json:"attrs"`
	Links      []linkJSON `json:"links"`
	LinkedBy   []linkJSON `json:"linked_by"`
	Remote     bool       `json:"remote"`
}

// linkJSON is the other end of a link.
type linkJSON struct {
	Trace string `json:"trace"`
	Span  string `json:"span"`
	Name  string `json:"name"`
	Kept  bool   `json:"kept"`
}

func (c *Console) serveTrace(w http.ResponseWriter, r *http.Request) {
	id, err := trace.TraceIDFromHex(r.PathValue("id"))
	var answer *traceJSON
	if err == nil {
		answer = c.trace(id)
	}
	if answer == nil {
		fail(w, http.StatusNotFound, "this trace is not kept")
		return
	}
	respond(w, http.StatusOK, answer)
}

// bootJSON is the answer to api/boot.
type bootJSON struct {
	Start *traceJSON `json:"start"`
	Stop  *traceJSON `json:"stop"`
}

func (c *Console) serveBoot(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, bootJSON{Start: c.bootTrace(startName), Stop: c.bootTrace(stopName)})
}

// bootTrace is the latest trace whose root has one of the names that are kept for good.
func (c *Console) bootTrace(root string) *traceJSON {
	for _, id := range c.recorder.pins.list() {
		t := c.trace(id)
		if t != nil && slices.ContainsFunc(t.Spans, func(s spanJSON) bool { return s.Parent == "" && s.Name == root }) {
			return t
		}
	}
	return nil
}

// trace is a trace with all that belongs to it; nil when nothing of it is kept.
func (c *Console) trace(id trace.TraceID) *traceJSON {
	c.scanning.Lock()
	defer c.scanning.Unlock()
	all := c.recorder.allSpans()
	spans, linkedBy := spansOf(all, id)
	if len(spans) == 0 {
		return nil
	}
	slices.SortStableFunc(spans, func(a, b spanRecord) int { return cmp.Compare(a.start(), b.start()) })
	start, end := spans[0].start(), int64(math.MinInt64)
	for _, s := range spans {
		end = max(end, s.end())
	}
	t := &traceJSON{
		ID: id.String(), Start: stamp(start), Duration: micros(end - start), LeftOff: max(0, len(spans)-maxList),
		Logs: c.recorder.findLogs(logQuery{trace: id, limit: maxList}),
	}
	spans = spans[:min(len(spans), maxList)]
	names := namesOf(all, spans)
	for _, s := range spans {
		t.Spans = append(t.Spans, s.json(start, names, linkedBy[s.span()]))
	}
	return t
}

// spansOf finds the spans of a trace, and the links to each.
func spansOf(all view, id trace.TraceID) (spans []spanRecord, linkedBy map[trace.SpanID][]linkJSON) {
	linkedBy = make(map[trace.SpanID][]linkJSON)
	for record := range all.newest() {
		s := spanRecord(record)
		if s.trace() == id {
			spans = append(spans, s)
		}
		for i := range s.links() {
			to := s.link(i)
			if by := linkedBy[to.span]; to.trace == id && len(by) < maxList {
				linkedBy[to.span] = append(by, linkJSON{Trace: s.trace().String(), Span: s.span().String(), Name: s.name(), Kept: true})
			}
		}
	}
	return spans, linkedBy
}

// namesOf finds the names of the spans that spans link to, as far as they are kept.
func namesOf(all view, spans []spanRecord) map[spanKey]string {
	wanted := make(map[spanKey]bool)
	for _, s := range spans {
		for i := range s.links() {
			wanted[s.link(i)] = true
		}
	}
	names := make(map[spanKey]string)
	if len(wanted) == 0 {
		return names
	}
	for record := range all.newest() {
		if s := spanRecord(record); wanted[s.key()] {
			names[s.key()] = s.name()
		}
	}
	return names
}

func (r spanRecord) json(start int64, names map[spanKey]string, linkedBy []linkJSON) spanJSON {
	t := r.texts()
	j := spanJSON{
		ID: r.span().String(), Name: string(t.next()), Kind: r.kind(), Scope: string(t.next()),
		Start: micros(r.start() - start), Duration: micros(r.duration()), Status: r.status(), StatusText: string(t.next()),
		Attrs: t.attrs(), Links: []linkJSON{}, LinkedBy: linkedBy, Remote: r.remote(),
	}
	if parent := r.parent(); parent.IsValid() {
		j.Parent = parent.String()
	}
	for i := range r.links() {
		to := r.link(i)
		name, kept := names[to]
		j.Links = append(j.Links, linkJSON{Trace: to.trace.String(), Span: to.span.String(), Name: name, Kept: kept})
	}
	if j.LinkedBy == nil {
		j.LinkedBy = []linkJSON{}
	}
	return j
}
