package console

import (
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// logJSON is a log record as the API tells it.
type logJSON struct {
	Time     string `json:"time"`
	Severity int    `json:"severity"`
	Level    string `json:"level"`
	Scope    string `json:"scope"`
	Event    string `json:"event"`
	Body     string `json:"body"`
	Attrs    []attr `json:"attrs"`
	Trace    string `json:"trace"`
	Span     string `json:"span"`
}

// logsJSON is the answer to api/logs.
type logsJSON struct {
	Logs []logJSON `json:"logs"`
}

// logQuery is what log records are wanted.
type logQuery struct {
	trace trace.TraceID // zero: of any
	text  string        // in lower case
	least int           // severity
	limit int
}

func (c *Console) serveLogs(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	wanted := logQuery{text: strings.ToLower(q.Get("q")), least: number(q, "min_severity", 0, 0, 24), limit: number(q, "limit", 200, 1, maxList)}
	if text := q.Get("trace"); text != "" {
		id, err := trace.TraceIDFromHex(text)
		if err != nil {
			fail(w, http.StatusBadRequest, "trace must be 32 hexadecimal digits")
			return
		}
		wanted.trace = id
	}
	respond(w, http.StatusOK, logsJSON{c.recorder.findLogs(wanted)})
}

// findLogs gives the records that are wanted, the latest first.
func (r *Recorder) findLogs(q logQuery) []logJSON {
	found := []logJSON{}
	for record := range r.logs.view().newest() {
		l := logRecord(record)
		if len(found) == q.limit {
			break
		}
		if q.has(l) {
			found = append(found, l.json())
		}
	}
	return found
}

func (q logQuery) has(l logRecord) bool {
	if q.trace.IsValid() && q.trace != l.trace() || l.severity() < q.least {
		return false
	}
	return q.text == "" || l.mentions(q.text)
}

// mentions reports whether the event, the body or an attribute's value has a text in lower case.
func (r logRecord) mentions(text string) bool {
	t := r.texts()
	t.next() // the scope
	event, body := t.next(), t.next()
	if containsFold(event, text) || containsFold(body, text) {
		return true
	}
	for len(t.rest) > 0 {
		t.next() // the attribute's name
		if containsFold(t.next(), text) {
			return true
		}
	}
	return false
}

func (r logRecord) json() logJSON {
	t := r.texts()
	j := logJSON{
		Time: stamp(r.time()), Severity: r.severity(), Level: r.level(),
		Scope: string(t.next()), Event: string(t.next()), Body: string(t.next()), Attrs: t.attrs(),
	}
	if id := r.trace(); id.IsValid() {
		j.Trace = id.String()
	}
	if id := r.span(); id.IsValid() {
		j.Span = id.String()
	}
	return j
}
