// The log records that are kept, newest first.

import { get } from "../api.js";
import { el, field, head, say, show } from "../dom.js";
import { listLink, replaceAddress } from "../links.js";
import { LogList } from "../lists.js";
import { refresher } from "../refresh.js";
import { app, kept } from "../status.js";

const levels = [["", "all"], ["5", "debug and above"], ["9", "info and above"], ["13", "warn and above"], ["17", "error and above"]];

// logs shows the records that match the address's parameters.
export async function logs(main, route, signal) {
  const list = new LogList();
  const form = searchForm(route.params);
  const count = el("p", { class: "muted" });
  const read = async () => {
    const reply = await get("logs", { ...values(form), limit: 200 }, signal);
    const narrowed = Object.values(values(form)).some(Boolean);
    list.set(reply.logs, narrowed ? "No record matches." : "No log record yet.", narrowed ? null : "Engines tell of changes; the application's own records come through OpenTelemetry's log bridge.");
    say(count, kept(app.kept?.logs, "record"));
  };
  const live = refresher((tick) => tick.logs, read, signal, { list: list.node });
  show(main, head("Logs", live.node), form, list.node, el("div", { class: "foot" }, count));
  form.addEventListener("input", () => {
    replaceAddress(listLink("logs", values(form)));
    live.now();
  });
  form.addEventListener("submit", (event) => (event.preventDefault(), live.now()));
  await read();
}

function searchForm(params) {
  const select = el("select", { name: "min_severity" }, levels.map(([value, text]) => el("option", { value }, text)));
  select.value = params.get("min_severity") ?? "";
  return el(
    "form",
    { class: "filters", role: "search" },
    field("Search", el("input", { type: "search", name: "q", value: params.get("q") ?? "", placeholder: "event, text, attribute", "data-search": true, autocomplete: "off" }), { class: "field grow" }),
    field("Level", select),
    field("Trace", el("input", { type: "search", name: "trace", value: params.get("trace") ?? "", placeholder: "trace id", autocomplete: "off", spellcheck: "false" })),
  );
}

function values(form) {
  const { q, min_severity, trace } = form.elements;
  return { q: q.value.trim(), min_severity: min_severity.value, trace: trace.value.trim() };
}
