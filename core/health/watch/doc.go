// Package watch tells what happens in a health registry: to OpenTelemetry ([Watch]) and to a webhook
// ([Webhook]).
//
//	w, err := watch.New("app", registry)
//	defer w.Close()
//
//	hook, err := watch.NewWebhook("oncall", watch.WebhookConfig{URL: "http://alertmanager:9093/api/v2/alerts"}, registry)
//	err = hook.Start(ctx)
//
// # Telemetry
//
// A Watch reports, under the name it was made with, the check's name and its group:
// goflow.health.check.status (1 for the status a check has, 0 for the others, from birth on),
// goflow.health.check.duration (of each run, by what it found), goflow.health.transitions, and
// goflow.health.state of the process. Each change of a status or of the state is an event
// goflow.health.change: a warning when a check is down or degraded, else for information. A Webhook
// reports goflow.health.notifications.
//
// # Alerts
//
// A Webhook posts what Prometheus posts to an Alertmanager (API v2): an array of alerts, of which one
// fires while a check is degraded (severity warning) or down (severity critical). Alertmanager groups,
// silences and routes them. Alerts that fire are sent again before they expire, so one whose process
// died ends by itself; one whose check recovered is sent with its end. Whether the receiver answers
// concerns no check: alerts wait in a table of two entries for each check, a newer state of an alert
// takes the place of an older one, and requests are tried again with growing pauses.
package watch
