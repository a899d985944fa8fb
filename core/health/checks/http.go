package checks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

// HTTPConfig is the config of [HTTP].
type HTTPConfig struct {
	// Slow is from which time on an answer means degraded. Defaults to never.
	Slow time.Duration
	// Client makes the requests. Defaults to a client that connects anew each time and follows no
	// redirects.
	Client *http.Client
}

// Validate reports what is wrong with c.
func (c HTTPConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.Slow >= 0, "Slow", c.Slow, "must not be negative")
	return faults.Err()
}

// HTTP makes a check that gets target, an http or https URL: it is down when there is no answer or one
// of status 500 and above. Its errors show no more of the URL than the host, because reports are read
// by many.
func HTTP(name, target string, cfg HTTPConfig) (health.Check, error) {
	u, err := url.Parse(target)
	ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
	var faults core.Faults
	faults.Require(ok, "target", "", "must be an http or https URL")
	if err := core.Configure(pkg, name, errors.Join(faults.Err(), cfg.Validate())); err != nil {
		return health.Check{}, err
	}
	if cfg.Client == nil {
		cfg.Client = ownClient()
	}
	return health.Check{Name: name, Run: func(ctx context.Context) error { return get(ctx, u, cfg) }}, nil
}

// ownClient leaves no connection behind, which no one would close.
func ownClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// maxBody is how many bytes of an answer are read.
const maxBody = 64 << 10

func get(ctx context.Context, u *url.URL, cfg HTTPConfig) error {
	begin := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return hide(u, err)
	}
	resp, err := cfg.Client.Do(req)
	if err != nil {
		return hide(u, err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody)); err != nil {
		return hide(u, err)
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("%s answered with status %d", u.Host, resp.StatusCode)
	}
	if took := time.Since(begin); cfg.Slow > 0 && took >= cfg.Slow {
		return health.Degradedf("%s answered after %v, %v is slow", u.Host, took.Round(time.Millisecond), cfg.Slow)
	}
	return nil
}

// hide takes the URL, which may hold secrets, out of an error.
func hide(u *url.URL, err error) error {
	if about, ok := errors.AsType[*url.Error](err); ok {
		err = about.Err
	}
	return fmt.Errorf("get from %s: %w", u.Host, err)
}
