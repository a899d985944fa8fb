// The spans of a trace as bars over its time.

import { scopeColors } from "./colors.js";
import { el, show } from "./dom.js";
import { micros } from "./format.js";
import { scopeName } from "./lists.js";
import { failed, tree } from "./spantree.js";

// Waterfall is a tree of spans that the keyboard walks: up, down, left and right to collapse and expand,
// Enter to open. onOpen(row) is called with the row that was opened.
export class Waterfall {
  #rows = [];
  #nodes = new Map();
  #collapsed = new Set();
  #trace;
  #onOpen;
  #logs = true;
  #selected = null;
  #colors = new Map();

  constructor(label, onOpen) {
    this.#onOpen = onOpen;
    this.body = el("div", { role: "tree", "aria-label": label, onkeydown: (e) => this.#key(e), onclick: (e) => this.#click(e) });
    this.axis = el("div", { class: "wf-axis", "aria-hidden": "true" });
    this.legend = el("p", { class: "wf-legend" });
    this.node = el("div", { class: "waterfall" }, this.legend, this.axis, this.body);
  }

  // set shows a trace. What is collapsed and selected stays so.
  set(trace) {
    this.#trace = trace;
    this.#colors = scopeColors(new Set(trace.spans.map((span) => span.scope)));
    this.#draw();
  }

  // showLogs says whether logs stand among the spans.
  showLogs(on) {
    this.#logs = on;
    this.#draw();
  }

  // select marks a span and brings it into view.
  select(id, { focus } = {}) {
    this.#selected = id;
    for (let row = this.#find(id); row?.parent; row = this.#find(row.parent)) this.#collapsed.delete(row.parent);
    this.#fold();
    for (const [key, node] of this.#nodes) this.#mark(key, node);
    const node = this.#nodes.get(id);
    node?.scrollIntoView({ block: "nearest" });
    if (focus) node?.focus({ preventScroll: true });
    return this.#find(id);
  }

  #find = (key) => this.#rows.find((row) => row.key === key);

  #mark(key, node) {
    const on = key === this.#selected;
    node.setAttribute("aria-selected", String(on));
    node.tabIndex = on || (!this.#nodes.has(this.#selected) && key === this.#rows[0].key) ? 0 : -1;
  }

  #draw() {
    const had = this.body.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.#rows = tree(this.#trace, this.#logs);
    this.#nodes = new Map(this.#rows.map((row) => [row.key, this.#row(row)]));
    show(this.body, [...this.#nodes.values()]);
    for (const [key, node] of this.#nodes) this.#mark(key, node);
    this.#fold();
    const total = this.#trace.duration_us;
    show(this.axis, el("span", { class: "wf-name" }), el("span", { class: "wf-track" }, [0, 0.25, 0.5, 0.75].map((f) => el("i", { class: `at-${f * 100}` }, micros(total * f)))), el("span", { class: "wf-time num" }, micros(total)));
    show(this.legend, [...this.#colors].map(([scope, color]) => el("span", null, mark(color), scopeName(scope) || "no scope")));
    if (had) this.#nodes.get(had)?.focus({ preventScroll: true });
  }

  #row(row) {
    const name = el("span", { class: "wf-name" });
    name.style.setProperty("--depth", Math.min(row.depth, 12));
    const track = el("span", { class: "wf-track" });
    const node = el("div", { role: "treeitem", class: "wf-row", "data-key": row.key, "aria-level": row.depth + 1, tabindex: "-1" }, name, track);
    if (row.log) this.#logRow(row, node, name, track);
    else this.#spanRow(row, node, name, track);
    return node;
  }

  #spanRow(row, node, name, track) {
    const { span } = row;
    const fold = el("span", { class: "fold", "aria-hidden": "true" }, row.children ? "▾" : "");
    const marks = [
      failed(span) && el("span", { class: "flag bad", title: span.status_text || "error" }, "error"),
      span.links?.length > 0 && el("span", { class: "flag", title: "linked to another span" }, "links"),
      span.linked_by?.length > 0 && el("span", { class: "flag", title: "another span links here" }, "linked"),
    ];
    show(name, fold, el("span", { class: "wf-text", title: span.name }, span.name), marks);
    const bar = el("i", { class: failed(span) ? "wf-bar failed" : "wf-bar" });
    this.#place(bar, row.at, span.duration_us);
    bar.style.setProperty("--scope", `var(${this.#colors.get(span.scope)})`);
    track.append(bar);
    node.append(el("span", { class: "wf-time num" }, micros(span.duration_us)));
    if (row.children) node.setAttribute("aria-expanded", "true");
    node.setAttribute("aria-label", `${span.name}, ${micros(span.duration_us)}${failed(span) ? ", error" : ""}`);
    node.dataset.span = span.id;
  }

  #logRow(row, node, name, track) {
    const { log } = row;
    const tone = log.severity >= 17 ? "bad" : log.severity >= 13 ? "warn" : "";
    const text = [log.event, log.body].filter(Boolean).join(" ");
    node.classList.add("wf-log");
    show(name, el("span", { class: "fold" }), el("span", { class: `level ${tone}` }, log.level), el("span", { class: "wf-text", title: text }, text));
    const dot = el("i", { class: `wf-dot ${tone}` });
    this.#place(dot, row.at, null);
    track.append(dot);
    node.append(el("span", { class: "wf-time num muted" }, micros(row.at)));
    node.setAttribute("aria-label", `${log.level}: ${text}`);
  }

  #place(node, at, length) {
    const total = Math.max(1, this.#trace.duration_us);
    node.style.left = `${Math.min(99.5, Math.max(0, (100 * at) / total))}%`;
    if (length !== null) node.style.width = `${Math.min(100, (100 * length) / total)}%`;
  }

  // fold hides what is below a collapsed row.
  #fold() {
    const hidden = new Set();
    for (const row of this.#rows) {
      const node = this.#nodes.get(row.key);
      const under = row.parent && (hidden.has(row.parent) || this.#collapsed.has(row.parent));
      node.hidden = Boolean(under);
      if (under) hidden.add(row.key);
      if (!row.children) continue;
      const closed = this.#collapsed.has(row.key);
      node.setAttribute("aria-expanded", String(!closed));
      node.querySelector(".fold").textContent = closed ? "▸" : "▾";
    }
  }

  #toggle(row, closed) {
    if (closed) this.#collapsed.add(row.key);
    else this.#collapsed.delete(row.key);
    this.#fold();
  }

  #click(event) {
    const row = this.#find(event.target.closest(".wf-row")?.dataset.key);
    if (!row) return;
    if (event.target.closest(".fold") && row.children) return this.#toggle(row, !this.#collapsed.has(row.key));
    this.#open(row);
  }

  #open(row) {
    this.select(row.key);
    this.#onOpen(row);
  }

  #key(event) {
    const row = this.#find(event.target.dataset.key);
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const visible = this.#rows.filter((r) => !this.#nodes.get(r.key).hidden);
    const to = (r) => r && this.#move(r.key);
    const at = visible.indexOf(row);
    const closed = this.#collapsed.has(row.key);
    const keys = {
      ArrowDown: () => to(visible[at + 1]),
      ArrowUp: () => to(visible[at - 1]),
      Home: () => to(visible[0]),
      End: () => to(visible.at(-1)),
      ArrowRight: () => (row.children && closed ? this.#toggle(row, false) : to(row.children ? visible[at + 1] : null)),
      ArrowLeft: () => (row.children && !closed ? this.#toggle(row, true) : to(row.parent && this.#find(row.parent))),
      Enter: () => this.#open(row),
      " ": () => this.#open(row),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }

  #move(key) {
    for (const node of this.#nodes.values()) node.tabIndex = -1;
    const node = this.#nodes.get(key);
    node.tabIndex = 0;
    node.focus();
  }
}

function mark(color) {
  const node = el("i", { class: "mark" });
  node.style.color = `var(${color})`;
  return node;
}
