package console

import (
	"cmp"
	"context"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/telemetry"
)

// appJSON is the answer to api/app.
type appJSON struct {
	Service  string   `json:"service"`
	Version  string   `json:"version"`
	Instance string   `json:"instance"`
	Go       string   `json:"go"`
	Goflow   string   `json:"goflow"`
	Started  string   `json:"started"`
	State    string   `json:"state"`
	MayAct   bool     `json:"may_act"`
	Private  bool     `json:"private"`
	Kept     keptJSON `json:"kept"`
}

// keptJSON is how much is kept.
type keptJSON struct {
	Spans  ringJSON    `json:"spans"`
	Logs   ringJSON    `json:"logs"`
	Series seriesStats `json:"series"`
}

type ringJSON struct {
	Count    int    `json:"count"`
	Bytes    int    `json:"bytes"`
	MaxBytes int    `json:"max_bytes"`
	OneIn    int    `json:"one_in,omitempty"`
	Oldest   string `json:"oldest"`
}

func (c *Console) serveApp(w http.ResponseWriter, _ *http.Request) {
	s := c.recorder.series
	respond(w, http.StatusOK, appJSON{
		Service:  s.resourceAttr("service.name"),
		Version:  s.resourceAttr("service.version"),
		Instance: s.resourceAttr("service.instance.id"),
		Go:       runtime.Version(),
		Goflow:   telemetry.Version(),
		Started:  stamp(c.recorder.started.UnixNano()),
		State:    c.state(),
		MayAct:   c.cfg.Token != "",
		Private:  c.private.Load(),
		Kept:     c.recorder.kept(),
	})
}

// kept is how much a recorder keeps.
func (r *Recorder) kept() keptJSON {
	spans, pinned, logs := r.spans.stats(), r.pinned.stats(), r.logs.stats()
	return keptJSON{
		Spans: ringJSON{
			Count: spans.count + pinned.count, Bytes: spans.bytes + pinned.bytes, MaxBytes: r.cfg.MaxSpanBytes + pinnedBytes,
			OneIn: r.thinning.oneIn(), Oldest: stamp(spans.oldest),
		},
		Logs:   ringJSON{Count: logs.count, Bytes: logs.bytes, MaxBytes: r.cfg.MaxLogBytes, Oldest: stamp(logs.oldest)},
		Series: r.series.stats(),
	}
}

// state is where the process is in its life; empty when nobody knows.
func (c *Console) state() string {
	if c.health == nil {
		return ""
	}
	return c.health.State().String()
}

// engineJSON is an engine as the API tells it.
type engineJSON struct {
	Kind    string            `json:"kind"`
	Name    string            `json:"name"`
	State   []flowadmin.Field `json:"state"`
	Actions []actionJSON      `json:"actions"`
	Series  []uint64          `json:"series"`
}

type actionJSON struct {
	Name    string      `json:"name"`
	Text    string      `json:"text"`
	Confirm bool        `json:"confirm"`
	Params  []paramJSON `json:"params"`
}

type paramJSON struct {
	Name  string `json:"name"`
	Text  string `json:"text"`
	Value string `json:"value"`
}

func (c *Console) serveEngines(w http.ResponseWriter, _ *http.Request) {
	byKey := make(map[engineKey]*engineJSON)
	at := func(key engineKey) *engineJSON {
		if byKey[key] == nil {
			byKey[key] = &engineJSON{Kind: key.kind, Name: key.name, State: []flowadmin.Field{}, Actions: []actionJSON{}, Series: []uint64{}}
		}
		return byKey[key]
	}
	for key, ids := range c.recorder.series.engines() {
		at(key).Series = ids
	}
	for _, engine := range c.engines.List() {
		e := at(engineKey{engine.Kind, engine.Name})
		e.State, e.Actions = readFields(engine.State), actionsOf(engine)
	}
	list := make([]engineJSON, 0, len(byKey))
	for _, e := range byKey {
		list = append(list, *e)
	}
	slices.SortFunc(list, func(a, b engineJSON) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	respond(w, http.StatusOK, list[:min(len(list), maxList)])
}

func actionsOf(engine flowadmin.Engine) []actionJSON {
	list := make([]actionJSON, 0, len(engine.Actions))
	for _, a := range engine.Actions {
		params := make([]paramJSON, 0, len(a.Params))
		for _, p := range a.Params {
			params = append(params, paramJSON{p.Name, p.Text, readText(p.Current)})
		}
		list = append(list, actionJSON{a.Name, a.Text, a.Confirm, params})
	}
	return list
}

// readFields asks for fields. A panic is a field that says so.
func readFields(read func() []flowadmin.Field) (fields []flowadmin.Field) {
	if read != nil {
		if err := core.Try(context.Background(), func(context.Context) error { fields = read(); return nil }); err != nil {
			fields = []flowadmin.Field{{Name: "error", Value: err.Error()}}
		}
	}
	if fields == nil {
		return []flowadmin.Field{}
	}
	return fields[:min(len(fields), maxList)]
}

// readText asks for a text. A panic gives none.
func readText(read func() string) (text string) {
	if read != nil {
		_ = core.Try(context.Background(), func(context.Context) error { text = read(); return nil })
	}
	return text
}

func (c *Console) serveSeries(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var wanted func(*line) bool
	if kind, name, ok := strings.Cut(q.Get("engine"), "/"); ok {
		wanted = func(l *line) bool { return l.engine == engineKey{kind, name} }
	} else {
		ids := make(map[uint64]bool)
		for text := range strings.SplitSeq(q.Get("ids"), ",") {
			if id, err := strconv.ParseUint(text, 10, 64); err == nil && len(ids) < maxList {
				ids[id] = true
			}
		}
		wanted = func(l *line) bool { return ids[l.id] }
	}
	respond(w, http.StatusOK, c.recorder.series.read(number(q, "seconds", retention, 1, retention), wanted))
}

// healthJSON is the answer to api/health.
type healthJSON struct {
	State   string                   `json:"state"`
	Groups  map[string]health.Report `json:"groups"`
	Changes []health.Change          `json:"changes"`
}

func (c *Console) serveHealth(w http.ResponseWriter, _ *http.Request) {
	answer := healthJSON{State: c.state(), Groups: map[string]health.Report{}, Changes: []health.Change{}}
	if c.health != nil {
		for _, g := range []health.Group{health.Liveness, health.Readiness, health.Startup} {
			answer.Groups[g.String()] = c.health.Report(g)
		}
		answer.Changes = c.health.Changes()
	}
	respond(w, http.StatusOK, answer)
}
