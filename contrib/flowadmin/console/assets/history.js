// What metrics were, second by second: first read, then appended to as it happens.

import { get } from "./api.js";

const perRequest = 250; // series asked for at once, so that an address stays short

// columnsOf names the values a series has each second.
const columnsOf = (series) => (series.type === "histogram" ? ["rate", "p50", "p95", "p99"] : ["values"]);

// History holds the same seconds of some series: times, and a column of values for each.
export class History {
  times = [];
  series = [];
  #columns = new Map();
  #seconds;

  constructor(seconds) {
    this.#seconds = seconds;
  }

  // load reads the series with these ids; it replaces what was there.
  async load(ids, signal) {
    const parts = [];
    for (let i = 0; i < ids.length; i += perRequest) {
      parts.push(get("series", { ids: ids.slice(i, i + perRequest).join(","), seconds: this.#seconds }, signal));
    }
    this.#take(await Promise.all(parts));
  }

  #take(parts) {
    const all = parts.flatMap((part) => part.series.map((series) => ({ series, from: part.from })));
    const length = (s) => s[columnsOf(s)[0]].length;
    const end = Math.max(0, ...all.map(({ series, from }) => from + length(series)));
    const from = Math.min(end, ...all.map((one) => one.from));
    this.times = Array.from({ length: end - from }, (_, i) => from + i);
    this.series = all.map(({ series }) => series);
    this.#columns = new Map();
    for (const { series, from: start } of all) {
      const rows = new Map();
      for (const name of columnsOf(series)) rows.set(name, this.#fit(series[name], start - from));
      this.#columns.set(String(series.id), rows);
    }
  }

  // fit pads values to the times of all.
  #fit(values, before) {
    const fitted = Array(this.times.length).fill(null);
    values.forEach((v, i) => (fitted[before + i] = v));
    return fitted;
  }

  // column gives a series' values; name is "values", or of a histogram "rate", "p50", "p95", "p99".
  column(id, name = "values") {
    return this.#columns.get(String(id))?.get(name) ?? [];
  }

  // latest gives the last value that is known, of the last few seconds.
  latest(id, name) {
    const values = this.column(id, name);
    for (let i = values.length - 1; i >= 0 && i > values.length - 4; i--) if (values[i] !== null) return values[i];
    return null;
  }

  // recent gives the mean of the last values that are known, of a few seconds.
  recent(id, name) {
    const known = this.column(id, name).slice(-5).filter((v) => v !== null);
    return known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
  }

  // append adds a second, and forgets the first when there are enough. A second that is known already is
  // passed over. It says whether it added anything.
  append(tick) {
    const last = this.times.at(-1);
    if (last !== undefined && tick.t <= last) return false;
    this.times.push(tick.t);
    for (const [id, rows] of this.#columns) {
      const value = tick.values[id];
      let i = 0;
      for (const values of rows.values()) values.push((rows.size === 1 ? value : value?.[i++]) ?? null);
    }
    if (this.times.length > this.#seconds) this.#forget();
    return true;
  }

  #forget() {
    this.times.shift();
    for (const rows of this.#columns.values()) for (const values of rows.values()) values.shift();
  }
}
