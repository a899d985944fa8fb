package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// respond answers with v as JSON.
func respond(w http.ResponseWriter, code int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		code, body = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(body) // fails only when the client has gone
}

// failure is the answer to what cannot be done.
type failure struct {
	Error string `json:"error"`
}

func fail(w http.ResponseWriter, code int, text string) { respond(w, code, failure{text}) }

// number is a whole number of a query, between bounds; absent or wrong, it is what it is by default.
func number(q url.Values, name string, byDefault, least, most int) int {
	n, err := strconv.Atoi(q.Get(name))
	if err != nil {
		n = byDefault
	}
	return min(max(n, least), most)
}

// stamp writes an instant of Unix nanoseconds.
func stamp(ns int64) string {
	if ns == 0 {
		return ""
	}
	return time.Unix(0, ns).UTC().Format(time.RFC3339Nano)
}

// micros is nanoseconds in microseconds.
func micros(ns int64) float64 { return float64(ns) / 1e3 }
