package watch

import (
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core/health"
)

// alertName is the label alertname of all alerts.
const alertName = "HealthCheckFailing"

// alert is an alert as Alertmanager's API v2 takes it.
type alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// subjectAlert names an alert: Alertmanager tells alerts apart by their labels, of which severity is
// one, so a check has two.
type subjectAlert struct {
	subject
	status string // that it fires for: degraded or down
}

func (s subjectAlert) severity() string {
	if s.status == health.Down.String() {
		return "critical"
	}
	return "warning"
}

// incident is the latest time an alert fired.
type incident struct {
	starts, ends time.Time // ends is zero while it fires
	text         string    // why
	fresh        bool      // the receiver does not know of it as it is
	sent         time.Time // when the receiver last took or refused it
}

// due reports when an incident must be sent.
func (i *incident) due(resend time.Duration) time.Time {
	if i.fresh {
		return time.Time{}
	}
	return i.sent.Add(resend)
}

// alert renders an incident.
func (c WebhookConfig) alert(s subjectAlert, i incident, now time.Time) alert {
	ends := i.ends
	if ends.IsZero() {
		ends = now.Add(expireAfter * c.ResendEvery)
	}
	return alert{
		Labels: map[string]string{
			"alertname": alertName, "service": c.Service, "check": s.name, "group": s.group.String(), "severity": s.severity(),
		},
		Annotations: map[string]string{
			"summary":     fmt.Sprintf("%s check %q of %s is %s", s.group, s.name, c.Service, s.status),
			"description": i.text,
		},
		StartsAt: i.starts, EndsAt: ends, GeneratorURL: c.GeneratorURL,
	}
}
