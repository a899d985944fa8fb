// Lists of traces and of logs, for all pages that show some.

import { Rows, el, empty, say, show } from "./dom.js";
import { clock, micros, plural } from "./format.js";
import { traceLink } from "./links.js";

// cell gives a cell; its label stands beside it where the table has no room for columns.
const cell = (kind, label, ...children) => el("span", { role: "cell", class: kind, "data-label": label }, children);

const table = (kind, names) => {
  const body = el("div", { role: "rowgroup", class: "rows" });
  const header = el("div", { role: "rowgroup" }, el("div", { role: "row", class: "row row-head" }, names.map(([name, right]) => el("span", { role: "columnheader", class: right ? "num" : null }, name))));
  return { body, node: el("div", { role: "table", class: `table ${kind}` }, header, body) };
};

// TraceList shows traces, newest first. Each row is a link.
export class TraceList {
  node = el("div", { class: "list" });
  #table = table("traces", [["Started"], ["Trace"], ["Duration", true], ["Spans", true], ["", false]]);
  #rows = new Rows(this.#table.body, (trace) => this.#row(trace));
  #longest = 1;

  set(traces, nothing, hint) {
    this.#longest = Math.max(1, ...traces.map((t) => t.duration_us));
    this.#rows.set(traces, (t) => t.id);
    const shown = traces.length ? this.#table.node : empty(nothing, hint);
    if (!traces.length || this.node.firstChild !== shown) show(this.node, shown);
  }

  #row(trace) {
    const bar = el("i", { class: "bar" });
    const length = el("span", { class: "num" });
    const spans = cell("num", "Spans");
    const flags = cell("flags", "");
    const node = el(
      "a",
      { role: "row", class: "row", href: traceLink(trace.id), "data-trace": trace.id },
      cell("time num", "Started", clock(trace.start, { millis: true })),
      cell("name", "Trace", el("span", { class: "main-text" }, trace.root), trace.path && !trace.root.includes(trace.path) && el("span", { class: "path" }, trace.path), el("span", { class: "muted scope" }, scopeName(trace.scope))),
      cell("dur", "Duration", length, bar),
      spans,
      flags,
    );
    const update = (t) => {
      say(length, micros(t.duration_us));
      bar.style.width = `${Math.max(1, (100 * t.duration_us) / this.#longest)}%`;
      say(spans, String(t.spans));
      spans.dataset.word = t.spans === 1 ? " span" : " spans";
      show(flags, t.errors > 0 && el("span", { class: "pill bad" }, plural(t.errors, "error")), t.links > 0 && el("span", { class: "pill" }, plural(t.links, "link")));
    };
    return { node, update };
  }
}

// scopeName leaves off what all packages of goflow begin with.
export const scopeName = (scope) => (scope ?? "").replace(/^github\.com\/goflow-go\/goflow\//, "").replace(/^go\.opentelemetry\.io\/contrib\/instrumentation\//, "");

// LogList shows log records, newest first.
export class LogList {
  node = el("div", { class: "list" });
  #withTrace;
  #rows;
  #table;

  constructor({ withTrace = true } = {}) {
    this.#withTrace = withTrace;
    this.#table = table("logs", [["Time"], ["Level"], ["Message"]]);
    this.#rows = new Rows(this.#table.body, (log) => ({ node: this.#row(log) }));
  }

  set(logs, nothing, hint) {
    const seen = new Map();
    const keyed = logs.map((log) => {
      const same = [log.time, log.span, log.event, log.body].join("|");
      seen.set(same, (seen.get(same) ?? 0) + 1);
      return { ...log, key: `${same}|${seen.get(same)}` };
    });
    this.#rows.set(keyed, (log) => log.key);
    const shown = logs.length ? this.#table.node : empty(nothing, hint);
    if (!logs.length || this.node.firstChild !== shown) show(this.node, shown);
  }

  #row(log) {
    const to = this.#withTrace && log.trace;
    return el(
      "div",
      { role: "row", class: "row", "data-log": log.event || true },
      cell("time num", "Time", clock(log.time, { millis: true })),
      cell("level", "Level", level(log)),
      cell("name", "Message", message(log), to && el("a", { class: "to-trace", href: traceLink(log.trace, log.span), "aria-label": `The trace of: ${log.event || log.body}` }, "trace")),
    );
  }
}

// level shows how grave a record is.
export function level(log) {
  const tone = log.severity >= 17 ? "bad" : log.severity >= 13 ? "warn" : "";
  return el("span", { class: `level ${tone}` }, log.level || "–");
}

// message shows what a record says: its event, its text, its attributes.
export function message(log) {
  const attrs = (log.attrs ?? []).map((a) => el("span", { class: "attr" }, el("span", { class: "muted" }, a.name), " ", a.value));
  return el("span", { class: "message" }, log.event && el("span", { class: "event" }, log.event), log.body && el("span", { class: "main-text" }, log.body), attrs);
}
