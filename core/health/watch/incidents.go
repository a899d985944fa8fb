package watch

import (
	"time"

	"github.com/goflow-go/goflow/core/health"
)

// changed takes a change of a check. It never waits.
func (h *Webhook) changed(c health.Change) {
	if c.Check == "" {
		return
	}
	h.take(subject{c.Group, c.Check}, c.To, c.Time, c.Error)
}

// catchUp takes what the checks are now, for what changed before the webhook listened.
func (h *Webhook) catchUp() {
	for group := range health.Startup + 1 {
		for _, r := range h.registry.Report(group).Checks {
			h.take(subject{group, r.Name}, r.Status.String(), r.Since, r.Error)
		}
	}
}

// take opens and ends the incidents of a check that has a status since a time.
func (h *Webhook) take(s subject, status string, since time.Time, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, fires := range []health.Status{health.Degraded, health.Down} {
		key := subjectAlert{s, fires.String()}
		i := h.incidents[key]
		firing := i != nil && i.ends.IsZero()
		switch {
		case status == key.status && !firing:
			h.incidents[key] = &incident{starts: since, text: text, fresh: true}
		case status != key.status && firing:
			i.ends, i.fresh = since, true
			if since.IsZero() { // pending again
				i.ends = time.Now()
			}
		}
	}
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// untilDue is how long it is until something must be sent, negative when there is nothing.
func (h *Webhook) untilDue(now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	wait := time.Duration(-1)
	for _, i := range h.incidents {
		if d := max(i.due(h.cfg.ResendEvery).Sub(now), 0); wait < 0 || d < wait {
			wait = d
		}
	}
	return wait
}

// due lists what must be sent by now, as it is.
func (h *Webhook) due(now time.Time) map[subjectAlert]incident {
	h.mu.Lock()
	defer h.mu.Unlock()
	due := make(map[subjectAlert]incident)
	for key, i := range h.incidents {
		if !i.due(h.cfg.ResendEvery).After(now) {
			due[key] = *i
		}
	}
	return due
}

// know notes that the receiver took or refused what was sent, unless it has changed since.
func (h *Webhook) know(batch map[subjectAlert]incident, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, was := range batch {
		i := h.incidents[key]
		if i == nil || i.starts != was.starts || i.ends != was.ends {
			continue
		}
		if i.fresh, i.sent = false, now; !i.ends.IsZero() {
			delete(h.incidents, key)
		}
	}
}
