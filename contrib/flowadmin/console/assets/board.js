// The charts of a page: they share their seconds, their window and the cursor.

import { Chart } from "./charts.js";
import { byMeaning } from "./colors.js";
import { el, show } from "./dom.js";
import { History } from "./history.js";
import { onTick } from "./live.js";
import { app } from "./status.js";

const longest = 900;
const windows = [[60, "1 min"], [300, "5 min"], [longest, "15 min"]];
let window_ = 0; // what was chosen last, on any page; 0 for nothing yet

const young = 180_000; // ms of a process of which 5 minutes would be mostly empty

// limits says what a metric may grow to: that of the first that it is used of.
const limits = { usage: ["limit", "capacity"], size: ["capacity", "limit"], active: ["limit"] };

// Board shows a chart for each metric of some series.
export class Board {
  history = new History(longest);
  charts = [];
  key = "board";
  #ids = [];
  #signal;

  constructor(signal) {
    this.#signal = signal;
    window_ ||= Date.now() - new Date(app.started) < young ? 60 : 300;
    this.grid = el("div", { class: "charts" });
    this.node = el("section", { class: "board", "aria-label": "Charts" }, el("div", { class: "board-head" }, el("h2", null, "Metrics"), this.#chooser()), this.grid);
    onTick((tick) => this.#append(tick), signal);
    document.addEventListener("themechange", () => this.charts.forEach((chart) => chart.repaint()), { signal });
    document.addEventListener("livechange", ({ detail }) => detail.before === "lost" && detail.state === "live" && this.set(this.#ids).catch(() => {}), { signal });
    signal.addEventListener("abort", () => this.#clear());
  }

  get window() {
    return window_;
  }

  // range is what the axis of time shows: all seconds of the window, whether they are known or not.
  range() {
    const end = this.history.times.at(-1) ?? Date.now() / 1000;
    return [end - window_, end];
  }

  #chooser() {
    const button = ([seconds, text]) =>
      el("label", null, el("input", { type: "radio", name: "window", value: seconds, checked: seconds === window_, onchange: () => this.#choose(seconds) }), el("span", null, text));
    return el("fieldset", { class: "switch" }, el("legend", { class: "sr" }, "Window"), windows.map(button));
  }

  #choose(seconds) {
    window_ = seconds;
    this.charts.forEach((chart) => chart.refresh());
  }

  // set shows the series with these ids.
  async set(ids) {
    this.#ids = ids;
    await this.history.load(ids, this.#signal);
    if (this.#signal.aborted) return;
    this.#clear();
    this.charts = group(this.history).map((spec) => new Chart(this, spec));
    show(this.grid, this.charts.map((chart) => chart.node));
    this.charts.forEach((chart) => chart.draw());
  }

  #append(tick) {
    if (this.charts.length && this.history.append(tick)) this.charts.forEach((chart) => chart.refresh());
  }

  #clear() {
    this.charts.forEach((chart) => chart.destroy());
    this.charts = [];
  }
}

// group makes the charts of some series: those of one metric together, a limit with what it limits.
function group(history) {
  const metrics = Map.groupBy(history.series.toSorted(byImportance), (series) => series.metric);
  const charts = [];
  for (const [metric, all] of metrics) {
    if (all[0].type === "histogram") charts.push(...distributions(history, metric, all));
    else if (!limited(metric, metrics)) charts.push(lines(history, metric, all, metrics.get(limitOf(metric, metrics))));
  }
  return charts;
}

// main ends the names of the metrics that count what an engine is for.
const main = /\.(decisions|calls|tasks|runs|items|writes|records|messages|steps|acquisitions)$/;

// byImportance: what an engine is for, what else was counted, what stands, how it is spread; sizes last.
function byImportance(a, b) {
  const rank = (s) => (main.test(s.metric) ? -1 : 0) + ["counter", "gauge", "histogram"].indexOf(s.type) + (s.metric.endsWith(".size") && s.type === "histogram" ? 1 : 0);
  return rank(a) - rank(b) || a.metric.localeCompare(b.metric) || byMeaning(meaningOf(a, [a, b]), meaningOf(b, [a, b]));
}

function limitOf(metric, metrics) {
  const [, stem, last] = /^(.*)\.([^.]+)$/.exec(metric) ?? [];
  return limits[last]?.map((word) => `${stem}.${word}`).find((name) => metrics.has(name));
}

// limited says whether a metric is shown with the one it limits.
function limited(metric, metrics) {
  return [...metrics.keys()].some((other) => other !== metric && limitOf(other, metrics) === metric);
}

function lines(history, metric, all, limit) {
  const line = (series, label, more) => ({ label, unit: series.unit, type: series.type, values: () => history.column(series.id), ...more });
  const drawn = all.map((series) => line(series, labelOf(series, all) || (limit ? "in use" : shortName(metric)), { meaning: meaningOf(series, all) }));
  const dashed = (limit ?? []).map((series) => line(series, limit.length > 1 ? `limit ${labelOf(series, limit)}` : "limit", { dash: [4, 4] }));
  return { title: titleOf(metric), name: metric, text: all[0].description, lines: [...drawn, ...dashed] };
}

// distributions are the quantiles of each series, and how often each was recorded where there are several.
function distributions(history, metric, all) {
  const charts = all.map((series) => quantiles(history, series, all));
  if (all.length === 1 || metric.endsWith(".size")) return charts;
  const rates = all.map((series) => ({ label: labelOf(series, all), unit: "", type: "counter", values: () => history.column(series.id, "rate") }));
  return [{ title: `${titleOf(metric)} · rate`, name: `${metric}.rate`, text: all[0].description, lines: rates }, ...charts];
}

function quantiles(history, series, all) {
  return {
    title: [titleOf(series.metric), labelOf(series, all)].filter(Boolean).join(" · "),
    name: series.metric,
    text: series.description,
    lines: ["p50", "p95", "p99"].map((q) => ({ label: q, unit: series.unit, type: "gauge", values: () => history.column(series.id, q) })),
  };
}

// labelOf names a series by the attributes in which those of its metric differ.
function labelOf(series, all) {
  const names = Object.keys(series.attrs).filter((name) => all.some((other) => other.attrs[name] !== series.attrs[name]));
  return names.map((name) => series.attrs[name]).filter(Boolean).join(" · ");
}

// meaningOf is the one attribute that says what became of something.
function meaningOf(series, all) {
  return labelOf(series, all).split(" · ").at(-1);
}

const shortName = (metric) => metric.split(".").at(-1).replaceAll("_", " ");

// titleOf leaves "goflow.KIND." and the like off.
function titleOf(metric) {
  const text = metric.replace(/^(goflow\.[a-z_]+|http\.(server|client)|rpc\.(server|client)|go)\./, "").replace(/[._]/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
