// The checks, by the probe they count for, and how they changed.

import { get } from "../api.js";
import { el, empty, head, show } from "../dom.js";
import { ago, clock, duration } from "../format.js";
import { onTick } from "../live.js";

const tones = { up: "good", ready: "good", down: "bad", stopped: "bad", pending: "warn", degraded: "warn", starting: "warn", draining: "warn" };
const texts = { startup: "Has it started?", liveness: "Must it be restarted?", readiness: "May traffic be sent here?" };

// health shows all groups, and reads them again each second tick.
export async function health(main, _, signal) {
  const groups = el("div", { class: "groups" });
  const changes = el("section", { class: "part" });
  const state = el("span", { class: "pill" });
  let before = "";
  const read = async () => {
    const reply = await get("health", {}, signal);
    const text = JSON.stringify(reply) + Math.floor(Date.now() / 10_000);
    if (text === before) return;
    before = text;
    state.textContent = reply.state ?? "";
    state.className = `pill ${tones[reply.state] ?? ""}`;
    const all = Object.entries(reply.groups ?? {});
    show(groups, all.length ? all.map(([name, report]) => group(name, report)) : empty("There is no health registry.", "Give the console one, and its checks stand here."));
    show(changes, el("h2", null, "History"), history(reply.changes ?? []));
  };
  show(main, head("Health", state), groups, changes);
  await read();
  onTick((tick) => tick.t % 2 === 0 && read().catch(() => {}), signal);
}

const pill = (status) => el("span", { class: `pill ${tones[status] ?? ""}` }, status);

function group(name, report) {
  const checks = report?.checks ?? [];
  return el(
    "section",
    { class: "part", "data-group": name },
    el("div", { class: "board-head" }, el("h2", null, name), el("span", { class: "muted" }, texts[name] ?? ""), el("span", { class: "spring" }), report?.status && pill(report.status)),
    checks.length ? table(checks) : el("p", { class: "muted" }, "No checks of its own: it follows the state of the process."),
  );
}

function table(checks) {
  const row = (check) =>
    el(
      "tr",
      { "data-check": check.name },
      el("td", { class: "main-text" }, check.name, check.error && el("p", { class: "bad check-error" }, check.error)),
      el("td", null, pill(check.status)),
      el("td", { class: "num muted" }, check.since ? ago(check.since) : "–"),
      el("td", { class: "num" }, check.took_ns ? duration(check.took_ns / 1e9) : "–"),
    );
  return el("table", { class: "plain checks" }, el("thead", null, el("tr", null, el("th", null, "Check"), el("th", null, "Status"), el("th", { class: "num" }, "Since"), el("th", { class: "num" }, "Took"))), el("tbody", null, checks.map(row)));
}

function history(changes) {
  if (!changes.length) return el("p", { class: "muted" }, "Nothing has changed.");
  const row = (c) =>
    el("li", null, el("span", { class: "num muted" }, clock(c.time, { millis: true })), el("span", { class: "main-text" }, c.check || "the process"), el("span", { class: "change" }, pill(c.from), " → ", pill(c.to)), c.error && el("span", { class: "bad" }, c.error));
  return el("ol", { class: "changes" }, changes.toReversed().map(row));
}
