// Charts over time, drawn by uPlot: one for each metric, with a line for each of its attribute sets.

import { paint, resolve } from "./colors.js";
import { el, say } from "./dom.js";
import { clock, quantity, unitName } from "./format.js";

const height = 148;
const powersOfTwo = Array.from({ length: 50 }, (_, i) => 2 ** i);

// Chart is one metric, or one and its limit. Its lines are {label, unit, type, dash, values()}.
export class Chart {
  #plot;
  #board;
  #lines;
  #values = [];
  #at = null; // the second that is pointed at
  #width = new ResizeObserver(() => this.#resize());

  constructor(board, { title, name, text, lines }) {
    this.#board = board;
    const colors = paint(lines.map((line) => line.meaning ?? line.label));
    this.#lines = lines.map((line, i) => ({ ...line, color: line.dash ? "--muted" : colors[i] }));
    this.canvas = el("div", { class: "plot" });
    this.node = el(
      "figure",
      { class: "chart", "data-metric": name },
      el("figcaption", { title: text || null }, el("span", { class: "chart-title" }, title), el("span", { class: "muted" }, unitName(lines[0].unit))),
      this.canvas,
      el("ul", { class: "legend" }, this.#lines.map((line) => this.#legend(line))),
    );
  }

  #legend(line) {
    const mark = el("i", { class: line.dash ? "mark dashed" : "mark" });
    mark.style.color = `var(${line.color})`;
    const value = el("b", { class: "num" }, "–");
    this.#values.push(value);
    return el("li", { title: line.label }, mark, el("span", { class: "legend-name" }, line.label), value);
  }

  // draw makes the plot, once the chart is in the document.
  draw() {
    this.#plot = new uPlot(this.#options(), this.#data(), this.canvas);
    this.#width.observe(this.canvas);
    this.refresh();
  }

  #data() {
    return [this.#board.history.times, ...this.#lines.map((line) => line.values())];
  }

  #options() {
    const { unit, type } = this.#lines[0];
    const axis = { stroke: () => resolve("--muted"), font: "11px system-ui, sans-serif", ticks: { show: false } };
    const grid = { stroke: () => resolve("--line"), width: 1 };
    return {
      width: this.canvas.clientWidth || 300,
      height,
      padding: [8, 20, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: this.#board.key }, points: { size: 7 } },
      scales: { x: { time: true, range: () => this.#board.range() }, y: { range: (_, low, high) => span(low, high) } },
      axes: [
        { ...axis, grid: { show: false }, size: 26, space: () => (this.#board.window > 60 ? 44 : 62), incrs: () => (this.#board.window > 60 ? [60, 120, 300] : [10, 15, 30]), values: (_, times) => times.map((t) => this.#time(t)) },
        { ...axis, grid, size: 68, space: 34, gap: 6, incrs: unit === "By" ? powersOfTwo : undefined, values: (_, at) => at.map((v) => quantity(v, unit, type)) },
      ],
      series: [{}, ...this.#lines.map((line) => this.#serie(line))],
      hooks: { setCursor: [(u) => this.#point(u.cursor.idx)] },
    };
  }

  #serie(line) {
    return { label: line.label, stroke: () => resolve(line.color), width: 1.6, dash: line.dash, points: { show: false } };
  }

  #time(t) {
    return clock(t, { minutes: this.#board.window > 60 });
  }

  #point(index) {
    this.#at = index ?? null;
    this.#tell();
  }

  #tell() {
    const last = this.#board.history.times.length - 1;
    const moment = this.#at ?? last;
    this.#lines.forEach((line, i) => {
      const values = line.values();
      const v = values[moment] ?? (this.#at === null ? (values[moment - 1] ?? null) : null);
      say(this.#values[i], quantity(v, line.unit, line.type));
    });
  }

  // refresh draws what is new.
  refresh() {
    this.#plot?.setData(this.#data());
    this.#tell();
  }

  #resize() {
    const width = this.canvas.clientWidth;
    if (width && width !== this.#plot.width) this.#plot.setSize({ width, height });
  }

  // repaint draws all in the colours of the scheme.
  repaint() {
    this.#plot?.redraw(false, true);
  }

  destroy() {
    this.#width.disconnect();
    this.#plot?.destroy();
  }
}

// span gives the ends of an axis of values: it starts at 0, and is never empty.
function span(low, high) {
  if (low === null || high === null) return [0, 1];
  const top = high > 0 ? high * 1.12 : low < 0 ? 0 : 1;
  return [Math.min(0, low * 1.12), top];
}
