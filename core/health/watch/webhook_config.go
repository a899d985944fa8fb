package watch

import (
	"net/url"
	"time"

	"github.com/goflow-go/goflow/core"
)

// WebhookConfig is the config of a [Webhook].
type WebhookConfig struct {
	// URL is where alerts are posted: "http://alertmanager:9093/api/v2/alerts". It holds no password:
	// secrets are for Token and Headers, which are never shown. Required.
	URL string `json:"url" yaml:"url" env:"URL"`
	// Service is the label service of all alerts. Defaults to the registry's name.
	Service string `json:"service" yaml:"service" env:"SERVICE"`
	// Token is sent as a bearer token. Defaults to none.
	Token core.Secret `json:"token" yaml:"token" env:"TOKEN"`
	// Headers are sent with each request. Defaults to none.
	Headers map[string]core.Secret `json:"headers" yaml:"headers"`
	// GeneratorURL is where people are led from an alert. Defaults to none.
	GeneratorURL string `json:"generator_url" yaml:"generator_url" env:"GENERATOR_URL"`
	// Timeout bounds a request. Defaults to 5 s.
	Timeout time.Duration `json:"timeout" yaml:"timeout" env:"TIMEOUT"`
	// ResendEvery is how often alerts that fire are sent again; they expire after four times as long.
	// Defaults to 1 min.
	ResendEvery time.Duration `json:"resend_every" yaml:"resend_every" env:"RESEND_EVERY"`
}

const (
	defaultTimeout = 5 * time.Second
	defaultResend  = time.Minute
	expireAfter    = 4 // times ResendEvery, as Prometheus has it
)

// Validate reports everything that is wrong with c. It shows no URL, which may hold a secret by mistake.
func (c WebhookConfig) Validate() error {
	u, err := url.Parse(c.URL)
	ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
	var faults core.Faults
	faults.Require(ok, "URL", core.Secret(c.URL), "must be an http or https URL without a password")
	faults.Require(c.Timeout >= 0, "Timeout", c.Timeout, "must not be negative")
	faults.Require(c.ResendEvery >= 0, "ResendEvery", c.ResendEvery, "must not be negative")
	return faults.Err()
}

func (c WebhookConfig) withDefaults(service string) WebhookConfig {
	if c.Service == "" {
		c.Service = service
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.ResendEvery == 0 {
		c.ResendEvery = defaultResend
	}
	return c
}
