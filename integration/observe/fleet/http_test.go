package fleet_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// do makes a request, and gives the status and the body.
func do(t *testing.T, method, url, body string, header http.Header) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true // a kept connection would be a goroutine
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// ask decodes the data of an answer of Prometheus.
func ask(t *testing.T, addr, path string, query url.Values, into any) error {
	t.Helper()
	status, body, err := do(t, http.MethodGet, "http://"+addr+path+"?"+query.Encode(), "", nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, body)
	}
	return errors.Join(err, json.Unmarshal([]byte(body), &struct{ Data any }{into}))
}

// series gives the labels of the series that an expression has now.
func series(t *testing.T, addr, expr string) ([]map[string]string, error) {
	t.Helper()
	var data struct {
		Result []struct{ Metric map[string]string }
	}
	err := ask(t, addr, "/api/v1/query", url.Values{"query": {expr}}, &data)
	all := make([]map[string]string, len(data.Result))
	for i, r := range data.Result {
		all[i] = r.Metric
	}
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("no data: %s", expr)
	}
	return all, err
}

// hasExemplar wants an exemplar of a trace in the series of an expression.
func hasExemplar(t *testing.T, addr, expr, trace string) error {
	t.Helper()
	var data []struct {
		Exemplars []struct{ Labels map[string]string }
	}
	query := url.Values{"query": {expr}, "start": {"0"}, "end": {"99999999999"}}
	if err := ask(t, addr, "/api/v1/query_exemplars", query, &data); err != nil {
		return err
	}
	for _, s := range data {
		for _, e := range s.Exemplars {
			if e.Labels["trace_id"] == trace {
				return nil
			}
		}
	}
	return fmt.Errorf("no exemplar of %s has trace %s", expr, trace)
}
