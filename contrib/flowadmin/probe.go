package flowadmin

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/goflow-go/goflow/core/health"
)

// probe answers one of the three probes: 200 when the group is up, else 503.
func (a *Admin) probe(group health.Group) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		report := a.health.Report(group)
		code, text := http.StatusOK, "ok"
		if report.Status != health.Up {
			code, text = http.StatusServiceUnavailable, "down"
		}
		contentType, body := "text/plain; charset=utf-8", []byte(text)
		if r.URL.Query().Has("verbose") || strings.Contains(r.Header.Get("Accept"), "application/json") {
			contentType = "application/json"
			body, _ = json.Marshal(report) // a Report has nothing that fails to marshal
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		_, _ = w.Write(body) // fails only when the client has gone
	})
}
