package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/goflow-go/goflow/core"
)

// ownClient leaves no connection behind, and does not take secrets to where it is redirected.
func ownClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send posts a batch, and counts what became of it. An empty batch is sent without more ado.
func (h *Webhook) send(ctx context.Context, batch map[subjectAlert]incident) outcome {
	if len(batch) == 0 {
		return sent
	}
	now := time.Now()
	alerts := make([]alert, 0, len(batch))
	for key, i := range batch {
		alerts = append(alerts, h.cfg.alert(key, i, now))
	}
	result := sent
	err := core.Try(ctx, func(ctx context.Context) (err error) {
		result, err = h.post(ctx, alerts)
		return err
	})
	if _, panicked := errors.AsType[*core.PanicError](err); panicked {
		result = failed
	}
	h.counts[result].Add(1)
	if result != failed {
		h.know(batch, now)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = ""
	if err != nil {
		h.last = err.Error()
	}
	return result
}

// post makes one request. Its errors show neither the URL nor a secret.
func (h *Webhook) post(ctx context.Context, alerts []alert) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.Timeout)
	defer cancel()
	body, err := json.Marshal(alerts)
	if err != nil {
		return refused, fmt.Errorf("marshal alerts: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return refused, withoutURL(err)
	}
	h.header(req)
	resp, err := h.client.Do(req)
	if err != nil {
		return failed, withoutURL(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody)) // what it says is of no use
	return judge(resp.StatusCode)
}

// maxBody is how many bytes of an answer are read.
const maxBody = 64 << 10

func (h *Webhook) header(req *http.Request) {
	req.Header.Set("Content-Type", "application/json")
	if h.cfg.Token != "" {
		req.Header.Set("Authorization", "Bearer "+string(h.cfg.Token))
	}
	for name, value := range h.cfg.Headers {
		req.Header.Set(name, string(value))
	}
}

// judge says what a status means. A redirect is not followed, so it is a refusal.
func judge(status int) (outcome, error) {
	switch {
	case status >= 200 && status < 300:
		return sent, nil
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return failed, fmt.Errorf("the receiver answered with status %d", status)
	}
	return refused, fmt.Errorf("the receiver refused with status %d", status)
}

// withoutURL takes the URL out of an error.
func withoutURL(err error) error {
	if about, ok := errors.AsType[*url.Error](err); ok {
		return about.Err
	}
	return err
}
