// What there is to read of one span, or one log.

import { el } from "./dom.js";
import { clock, micros } from "./format.js";
import { traceLink } from "./links.js";
import { level, message, scopeName } from "./lists.js";
import { failed } from "./spantree.js";

// details gives the pane for a row of a waterfall; close() closes it.
export function details(row, trace, close) {
  const { span, log } = row;
  return el(
    "aside",
    { class: "details", "aria-label": "Details", tabindex: "-1" },
    el("div", { class: "details-head" }, el("h2", null, span ? span.name : log.event || "Log"), el("button", { class: "quiet icon", type: "button", "data-close": true, "aria-label": "Close the details", title: "Close (Esc)", onclick: close }, "✕")),
    span ? ofSpan(span, row, trace) : ofLog(log, row),
  );
}

function ofSpan(span, row, trace) {
  const logs = (trace.logs ?? []).filter((log) => log.span === span.id);
  return [
    failed(span) && el("p", { class: "bad-box" }, span.status_text || "It ended in an error."),
    pairs([
      ["Duration", micros(span.duration_us)],
      ["Started", `after ${micros(row.at)}`],
      ["Scope", scopeName(span.scope)],
      ["Kind", span.kind],
      ["Status", span.status],
      ["Span", span.id],
      ["Parent", span.parent && (span.remote ? `${span.parent} (another process)` : span.parent)],
    ]),
    links(span),
    span.attrs?.length > 0 && [el("h3", null, "Attributes"), pairs(span.attrs.map((a) => [a.name, a.value]), "wide")],
    logs.length > 0 && [el("h3", null, "Logs"), el("ul", { class: "details-logs" }, logs.map((log) => el("li", null, el("span", { class: "num muted" }, clock(log.time, { millis: true })), " ", level(log), " ", message(log))))],
  ];
}

function ofLog(log, row) {
  return [
    log.body && el("p", null, log.body),
    pairs([["Level", log.level], ["Time", clock(log.time, { millis: true })], ["In the trace", `after ${micros(row.at)}`], ["Scope", scopeName(log.scope)]]),
    log.attrs?.length > 0 && [el("h3", null, "Attributes"), pairs(log.attrs.map((a) => [a.name, a.value]), "wide")],
  ];
}

// pairs gives names and values; those without a value are left out.
export function pairs(list, kind) {
  const shown = list.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return el("dl", { class: `pairs ${kind ?? ""}` }, shown.map(([name, value]) => el("div", null, el("dt", null, name), el("dd", null, value))));
}

function links(span) {
  const rows = [...(span.links ?? []).map((l) => linkRow("linked to", l)), ...(span.linked_by ?? []).map((l) => linkRow("linked from", { ...l, kept: true }))];
  return rows.length > 0 && [el("h3", null, "Links"), el("ul", { class: "links" }, rows)];
}

// linkRow is a link to a span of another trace.
export function linkRow(word, link, from) {
  const text = [el("span", { class: "muted" }, word), " ", el("span", { class: "main-text" }, link.name || `trace ${link.trace.slice(0, 8)}…`)];
  const where = from && el("span", { class: "muted" }, ` at ${from}`);
  if (!link.kept) return el("li", { class: "link-row gone" }, text, where, el("span", { class: "muted" }, " (not kept)"));
  return el("li", null, el("a", { class: "link-row", href: traceLink(link.trace, link.span), "data-link": word }, text, where));
}
