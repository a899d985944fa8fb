package console

import (
	"cmp"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/telemetry"
)

// sectionJSON is a part of the settings.
type sectionJSON struct {
	Name   string            `json:"name"`
	Fields []flowadmin.Field `json:"fields"`
}

// configJSON is the answer to api/config.
type configJSON struct {
	Sections []sectionJSON     `json:"sections"`
	Deps     []flowadmin.Field `json:"deps"`
}

func (c *Console) serveConfig(w http.ResponseWriter, _ *http.Request) {
	build, deps := buildFields()
	answer := configJSON{Deps: deps, Sections: []sectionJSON{
		{"build", build},
		{"runtime", runtimeFields()},
		{"environment", environment(os.Environ())},
		{"console", c.fields()},
	}}
	for _, s := range c.sections {
		answer.Sections = append(answer.Sections, sectionJSON{s.Name, readFields(s.Fields)})
	}
	respond(w, http.StatusOK, answer)
}

// buildFields say how the program was built, and of what.
func buildFields() (build, deps []flowadmin.Field) {
	build, deps = []flowadmin.Field{{Name: "go", Value: runtime.Version()}}, []flowadmin.Field{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return build, deps
	}
	build = append(build,
		flowadmin.Field{Name: "path", Value: info.Path},
		flowadmin.Field{Name: "version", Value: info.Main.Version},
		flowadmin.Field{Name: "goflow", Value: telemetry.Version()},
	)
	for _, s := range info.Settings {
		if strings.HasPrefix(s.Key, "vcs") || s.Key == "GOOS" || s.Key == "GOARCH" || s.Key == "CGO_ENABLED" {
			build = append(build, flowadmin.Field{Name: s.Key, Value: s.Value})
		}
	}
	for _, d := range info.Deps {
		deps = append(deps, flowadmin.Field{Name: d.Path, Value: d.Version})
	}
	return build, deps[:min(len(deps), maxList)]
}

func runtimeFields() []flowadmin.Field {
	limit := debug.SetMemoryLimit(-1) // reads it
	return []flowadmin.Field{
		{Name: "GOMAXPROCS", Value: strconv.Itoa(runtime.GOMAXPROCS(0))},
		{Name: "CPUs", Value: strconv.Itoa(runtime.NumCPU())},
		{Name: "GOGC", Value: cmp.Or(os.Getenv("GOGC"), "100")},
		{Name: "GOMEMLIMIT", Value: cmp.Or(os.Getenv("GOMEMLIMIT"), strconv.FormatInt(limit, 10))},
	}
}

// environment shows OpenTelemetry's variables. Of those that may hold a secret it says only that they
// are set.
func environment(environ []string) []flowadmin.Field {
	fields := []flowadmin.Field{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "OTEL_") {
			fields = append(fields, flowadmin.Field{Name: name, Value: shown(name, value)})
		}
	}
	slices.SortFunc(fields, func(a, b flowadmin.Field) int { return cmp.Compare(a.Name, b.Name) })
	return fields[:min(len(fields), maxList)]
}

// shown is what may be seen of a variable's value.
func shown(name, value string) string {
	for _, part := range []string{"HEADERS", "KEY", "TOKEN", "SECRET", "PASSWORD"} {
		if strings.Contains(name, part) {
			return "set"
		}
	}
	if u, err := url.Parse(value); err == nil && u.User != nil {
		u.User = nil
		return u.String()
	}
	return value
}

// fields are the console's own settings.
func (c *Console) fields() []flowadmin.Field {
	kept, token := c.recorder.cfg, "none"
	if c.cfg.Token != "" {
		token = "set"
	}
	return []flowadmin.Field{
		{Name: "name", Value: c.name},
		{Name: "token", Value: token},
		{Name: "private", Value: strconv.FormatBool(c.private.Load())},
		{Name: "max_span_bytes", Value: strconv.Itoa(kept.MaxSpanBytes)},
		{Name: "max_log_bytes", Value: strconv.Itoa(kept.MaxLogBytes)},
		{Name: "max_series", Value: strconv.Itoa(kept.MaxSeries)},
	}
}
