// How the application started, and how it stops.

import { get } from "../api.js";
import { details } from "../details.js";
import { el, empty, head, show } from "../dom.js";
import { micros } from "../format.js";
import { Waterfall } from "../waterfall.js";

// boot shows the traces of start and stop.
export async function boot(main, _, signal) {
  const { start, stop } = await get("boot", {}, signal);
  const none = empty("How this application started was not traced.", "With fx, bootfx.Trace does that: each constructor and each hook then stands here with its time.");
  show(main, head("Boot"), start || stop ? [start && part("Start", start), stop && part("Stop", stop)] : none);
}

function part(title, trace) {
  const side = el("div", { class: "side" });
  const layout = el("div", { class: "trace-layout" });
  let opened = null;
  const close = () => {
    show(side);
    layout.classList.remove("has-details");
    waterfall.select(opened, { focus: true });
  };
  const waterfall = new Waterfall(title, (row) => {
    opened = row.key;
    show(side, details(row, trace, close));
    layout.classList.add("has-details");
  });
  waterfall.set(trace);
  show(layout, el("div", { class: "trace-main" }, waterfall.node), side);
  return el("section", { class: "part" }, el("div", { class: "board-head" }, el("h2", null, title), el("span", { class: "muted num" }, micros(trace.duration_us))), layout);
}
