// One trace.

import { get } from "../api.js";
import { details, linkRow } from "../details.js";
import { el, head, show } from "../dom.js";
import { clock, micros, plural } from "../format.js";
import { replaceAddress, traceLink } from "../links.js";
import { onTick } from "../live.js";
import { failed, microsOf } from "../spantree.js";
import { Waterfall } from "../waterfall.js";

const stillGrows = 30e6; // µs since its start for which a trace is read again
const trail = []; // the traces that were come through by links: {id, root}

// trace shows the trace of the address, at its span.
export async function trace(main, route, signal) {
  const [id, at] = route.parts;
  let data = await get(`traces/${encodeURIComponent(id)}`, {}, signal);
  const side = el("div", { class: "side" });
  const layout = el("div", { class: "trace-layout" });
  const links = el("ul", { class: "links trace-links" });
  const close = (event) => {
    show(side);
    layout.classList.remove("has-details");
    if (event) waterfall.select(opened, { focus: true });
  };
  let opened = null;
  const open = (row) => {
    opened = row.key;
    show(side, details(row, data, close));
    layout.classList.add("has-details");
    if (row.span) replaceAddress(traceLink(id, row.span.id));
  };
  const waterfall = new Waterfall("Spans", open);
  const summary = el("p", { class: "summary" });
  const draw = () => {
    show(summary, summaryOf(data));
    show(links, linksOf(data));
    links.hidden = !links.childElementCount;
    waterfall.set(data);
  };
  const root = rootOf(data);
  show(layout, el("div", { class: "trace-main" }, waterfall.node), side);
  show(main, crumbs(id, root.name), head(titleOf(root), logsSwitch(waterfall)), summary, links, layout);
  draw();
  if (at) {
    const row = waterfall.select(at, { focus: true });
    if (row) open(row);
  }
  refresh(data, signal, async () => {
    const next = await get(`traces/${encodeURIComponent(id)}`, {}, signal);
    if (next.spans.length === data.spans.length && next.logs?.length === data.logs?.length) return;
    data = next;
    draw();
  });
}

function rootOf(data) {
  const ids = new Set(data.spans.map((span) => span.id));
  return data.spans.filter((span) => !ids.has(span.parent)).toSorted((a, b) => a.start_us - b.start_us)[0] ?? { name: data.id };
}

// titleOf is the name of a span, and what was asked for when the name does not say.
function titleOf(span) {
  const path = span.attrs?.find((a) => a.name === "url.path")?.value;
  return path && !span.name.includes(path) ? `${span.name} ${path}` : span.name;
}

function summaryOf(data) {
  const errors = data.spans.filter(failed).length;
  const scopes = new Set(data.spans.map((span) => span.scope)).size;
  return [
    el("span", { class: "num" }, micros(data.duration_us)),
    el("span", null, plural(data.spans.length, "span")),
    el("span", null, plural(scopes, "scope")),
    errors > 0 && el("span", { class: "pill bad" }, plural(errors, "error")),
    el("span", { class: "num muted" }, clock(data.start, { millis: true })),
    el("code", { class: "muted id" }, data.id),
  ];
}

// linksOf lists the links of all spans, those to traces that are kept first.
function linksOf(data) {
  const all = data.spans.flatMap((span) => [
    ...(span.links ?? []).map((link) => ({ word: "linked to", link, from: span.name })),
    ...(span.linked_by ?? []).map((link) => ({ word: "linked from", link: { ...link, kept: true }, from: span.name })),
  ]);
  const most = 12;
  const shown = all.toSorted((a, b) => Number(b.link.kept) - Number(a.link.kept)).slice(0, most);
  const more = all.length > most && el("li", { class: "muted" }, `and ${all.length - most} more, at their spans`);
  return [shown.map(({ word, link, from }) => linkRow(word, link, from)), more];
}

// crumbs lead back: to the list, and through the traces one came from.
function crumbs(id, name) {
  const known = trail.findIndex((one) => one.id === id);
  if (known >= 0) trail.length = known;
  const before = trail.slice(-3);
  trail.push({ id, name });
  return el("nav", { class: "crumbs", "aria-label": "Where this is" }, el("a", { href: "#/traces" }, "Traces"), before.map((one) => [el("span", { "aria-hidden": "true" }, "›"), el("a", { href: traceLink(one.id) }, one.name)]), el("span", { "aria-hidden": "true" }, "›"), el("span", { "aria-current": "page" }, name));
}

// startTrail forgets the traces one came through.
export const startTrail = () => (trail.length = 0);

function logsSwitch(waterfall) {
  return el("label", { class: "check" }, el("input", { type: "checkbox", checked: true, onchange: (e) => waterfall.showLogs(e.target.checked) }), el("span", null, "Logs"));
}

// refresh reads the trace again while it is young and spans come.
function refresh(data, signal, read) {
  let seen = null;
  let busy = false;
  onTick(async (tick) => {
    const now = tick.spans + tick.logs;
    if (busy || now === seen || Date.now() * 1000 - microsOf(data.start) > stillGrows) return;
    seen = now;
    busy = true;
    try {
      await read();
    } catch {
      // It is shown as it was read before.
    } finally {
      busy = false;
    }
  }, signal);
}
