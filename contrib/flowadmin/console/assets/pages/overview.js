// All engines: what matters most of each, and where to look closer.

import { get } from "../api.js";
import { Rows, el, empty, head, say, show } from "../dom.js";
import { History } from "../history.js";
import { keyNumbers, kindName } from "../keynumbers.js";
import { engineLink } from "../links.js";
import { onTick } from "../live.js";
import { Spark } from "../spark.js";

const seconds = 120; // a spark is so wide, once they are known
const fewest = 30;
const stateEvery = 3; // ticks between two looks at the states

// order of kinds: what a request meets first comes first.
const order = ["app", "http", "rpc", "limiter", "coordination", "breaker", "retry", "timeout", "hedge", "fallback", "pool", "job", "scheduler", "chain", "pipeline", "stream", "writer", "spill", "consumer", "producer", "lease"];
const rank = (kind) => (order.includes(kind) ? order.indexOf(kind) : kind === "runtime" ? 99 : kind === "other" || kind === "console" ? 98 : 50);

// overview shows the engines, by kind.
export async function overview(main, _, signal) {
  const history = new History(seconds);
  const groups = el("div", { class: "kinds" });
  const count = el("span", { class: "muted" });
  const sections = new Rows(groups, (group) => section(group, history));
  let engines = [];
  let known = null;
  const draw = () => {
    const kinds = [...Map.groupBy(engines, (e) => e.kind)].map(([kind, list]) => ({ kind, list })).toSorted((a, b) => rank(a.kind) - rank(b.kind) || a.kind.localeCompare(b.kind));
    sections.set(kinds, (g) => g.kind);
    say(count, `${engines.length} engines`);
  };
  const read = async () => {
    engines = await get("engines", {}, signal);
    await history.load([...new Set(engines.flatMap((e) => e.series ?? []))], signal);
    if (!signal.aborted) draw();
  };
  show(main, head("Overview", count), groups);
  await read();
  if (!engines.length) show(groups, empty("No engine yet.", "Limiters, breakers, pools, jobs and streams stand here as soon as they are made with this process's telemetry."));
  follow(signal, async (tick, n) => {
    if (known !== null && tick.engines !== known) await read();
    else if (n % stateEvery === 0) engines = await get("engines", {}, signal);
    known = tick.engines;
    if (history.append(tick) || n % stateEvery === 0) draw();
  });
}

// follow calls f with each tick, one call at a time.
function follow(signal, f) {
  let n = 0;
  let busy = false;
  onTick(async (tick) => {
    if (busy) return;
    busy = true;
    try {
      await f(tick, ++n);
    } catch {
      // The next tick tries again.
    } finally {
      busy = false;
    }
  }, signal);
}

function section(group, history) {
  const title = el("h2");
  const list = el("ul", { class: "engines" });
  const rows = new Rows(list, (engine) => row(engine, history));
  const update = ({ kind, list: all }) => {
    say(title, kindName(kind, all.length));
    rows.set(all, (e) => e.name);
  };
  return { node: el("section", { class: "kind", "data-kind": group.kind }, title, list), update };
}

function row(engine, history) {
  const spark = new Spark();
  const numbers = el("span", { class: "keys" });
  const cells = new Rows(numbers, ([label]) => keyCell(label));
  const link = el("a", { class: "engine", href: engineLink(engine.kind, engine.name), "data-engine": engine.name }, el("span", { class: "engine-name", title: engine.name }, engine.name), numbers, spark.node);
  const update = (e) => {
    const ids = new Set((e.series ?? []).map(String));
    const reading = keyNumbers(e, history.series.filter((s) => ids.has(String(s.id))), history);
    cells.set(reading.numbers, ([label]) => label);
    spark.draw(reading.lines, Math.max(fewest, history.times.length));
  };
  const node = el("li", null, link);
  new ResizeObserver(() => update(engine)).observe(spark.node);
  return { node, update: (e) => update((engine = e)) };
}

function keyCell(label) {
  const value = el("b", { class: "num" });
  const limit = el("span", { class: "num" });
  const update = ([, reading]) => {
    const { text, tone, of } = typeof reading === "object" ? reading : { text: reading };
    say(value, text);
    say(limit, of ? ` ${of}` : "");
    value.className = `num ${tone ?? ""}`;
  };
  return { node: el("span", { class: "key" }, el("span", { class: "muted" }, label, limit), value), update };
}
