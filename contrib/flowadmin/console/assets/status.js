// The line at the top: which service this is, how it is, and whether what is shown is live.

import { get } from "./api.js";
import { el, say, show } from "./dom.js";
import { bytes, plural, uptime } from "./format.js";
import { live, onTick } from "./live.js";
import { lockButton } from "./token.js";

// app is the last answer of api/app.
export const app = {};

const states = { ready: "good", starting: "warn", draining: "warn", stopped: "bad" };
const parts = {
  service: el("strong", { class: "service" }),
  version: el("span", { class: "muted version" }),
  state: el("span", { class: "pill" }),
  down: el("a", { class: "pill bad", href: "#/health", hidden: true }),
  uptime: el("span", { class: "muted num", title: "Uptime" }),
  sample: el("span", { class: "pill warn", hidden: true, title: "The load is high: of so many traces one is kept" }),
  live: el("span", { class: "live", role: "status" }, el("i", { "aria-hidden": "true" }), el("span", { class: "live-text" }, "connecting")),
};

// build fills the line.
export function build(node, signal) {
  const scheme = el("button", { class: "quiet icon", type: "button", title: "Light or dark", "aria-label": "Light or dark", onclick: () => window.theme.toggle() }, "◐");
  show(node, parts.service, parts.version, parts.state, parts.down, parts.uptime, el("span", { class: "spring" }), parts.sample, parts.live, lockButton(), scheme);
  document.addEventListener("livechange", tell);
  onTick((tick) => {
    app.state = tick.state ?? app.state;
    app.down = tick.down ?? [];
    tell();
  }, signal);
}

// load reads api/app again.
export async function load() {
  Object.assign(app, await get("app"));
  tell();
  document.dispatchEvent(new Event("appchange"));
}

function tell() {
  say(parts.service, app.service ?? "");
  say(parts.version, app.version ?? "");
  parts.version.title = [app.instance && `instance ${app.instance}`, app.goflow && `goflow ${app.goflow}`, app.go].filter(Boolean).join(", ");
  say(parts.state, app.state || "");
  parts.version.hidden = !app.version;
  parts.state.hidden = !app.state;
  parts.state.className = `pill ${states[app.state] ?? ""}`;
  parts.down.hidden = !app.down?.length;
  say(parts.down, app.down?.length ? `${plural(app.down.length, "check")} down` : "");
  parts.down.title = app.down?.join(", ") ?? "";
  if (app.started) say(parts.uptime, `up ${uptime((Date.now() - new Date(app.started)) / 1000)}`);
  const oneIn = app.kept?.spans?.one_in ?? 1;
  parts.sample.hidden = oneIn <= 1;
  say(parts.sample, `1 trace in ${oneIn}`);
  const text = { live: "live", lost: "disconnected", connecting: "connecting" }[live.state];
  parts.live.className = `live ${live.state}`;
  say(parts.live.lastChild, text);
  document.title = app.service ? `${app.service} · goflow` : "goflow console";
}

// kept tells what of the telemetry is in memory: one of app.kept.
export function kept(of, word) {
  if (!of) return "";
  const room = of.max_bytes ? `, ${bytes(of.bytes)} of ${bytes(of.max_bytes)}` : "";
  return `${plural(of.count ?? 0, word)} kept${room}`;
}
