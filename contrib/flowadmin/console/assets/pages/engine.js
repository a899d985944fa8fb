// One engine: what it is set to, how it does, what may be done with it, what it did last.

import { Actions } from "../actions.js";
import { get } from "../api.js";
import { Board } from "../board.js";
import { pairs } from "../details.js";
import { el, empty, head, show } from "../dom.js";
import { readable, words } from "../format.js";
import { kindName } from "../keynumbers.js";
import { listLink } from "../links.js";
import { LogList, TraceList } from "../lists.js";
import { onTick } from "../live.js";
import { refresher } from "../refresh.js";

const latest = 8; // traces and logs shown

// engine shows the engine of the address.
export async function engine(main, route, signal) {
  const [kind, ...rest] = route.parts;
  const name = rest.join("/");
  const state = el("div", { class: "state" });
  const board = new Board(signal);
  const after = () => read().catch(() => {});
  const actions = new Actions(signal, after);
  let shown = null;
  const read = async () => {
    const found = (await get("engines", {}, signal)).find((e) => e.kind === kind && e.name === name);
    if (!found) throw new Error(`no ${kind} ${name}`);
    show(state, stateOf(found.state ?? []));
    actions.set(found);
    const ids = found.series ?? [];
    if (ids.join() === shown) return;
    shown = ids.join();
    await board.set(ids);
    if (!ids.length) show(board.grid, empty("It has no metrics yet."));
  };
  show(main, crumbs(kind, name), head(name, el("span", { class: "pill" }, kindName(kind, 1))), state, actions.node, board.node, happened(name, signal));
  await read();
  onTick((tick) => tick.t % 2 === 0 && read().catch(() => {}), signal);
}

// stateOf shows what an engine says of itself: its line, its settings, and, of a job, its last runs.
function stateOf(fields) {
  const line = fields.find((f) => f.name === "summary");
  const runs = fields.filter((f) => f.name.startsWith("run of "));
  const rest = fields.filter((f) => f !== line && !runs.includes(f));
  return [
    line && el("p", { class: "muted engine-line" }, readable(line.value)),
    rest.length > 0 && pairs(rest.map((f) => [words(f.name), readable(f.value)]), "cards"),
    runs.length > 0 && el("section", { class: "part" }, el("h2", null, "Last runs"), pairs(runs.map((f) => [readable(f.name.slice("run of ".length)), f.value]), "table-like")),
  ];
}

function crumbs(kind, name) {
  return el("nav", { class: "crumbs", "aria-label": "Where this is" }, el("a", { href: "#/" }, "Overview"), el("span", { "aria-hidden": "true" }, "›"), el("span", null, kindName(kind, 2)), el("span", { "aria-hidden": "true" }, "›"), el("span", { "aria-current": "page" }, name));
}

// happened lists the last traces and logs in which the engine's name stands.
function happened(name, signal) {
  const traces = new TraceList();
  const logs = new LogList();
  const read = async () => {
    const [t, l] = await Promise.all([get("traces", { q: name, limit: latest }, signal), get("logs", { q: name, limit: latest }, signal)]);
    traces.set(t.traces, "No trace names it yet.");
    logs.set(l.logs, "No log record names it yet.");
  };
  const part = (title, list, page) => el("section", { class: "part" }, el("div", { class: "board-head" }, el("h2", null, title), el("a", { href: listLink(page, { q: name }) }, "all")), list.node);
  const both = el("div", null, part("Latest traces", traces, "traces"), part("Latest logs", logs, "logs"));
  refresher((tick) => tick.spans + tick.logs, read, signal, { list: both, pace: 3000 }).now();
  return both;
}
