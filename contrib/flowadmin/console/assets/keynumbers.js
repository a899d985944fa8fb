// What matters most of an engine, by its kind: two or three numbers and the line of a spark.

import { compact, number, quantity, until } from "./format.js";

// Reading looks things up in the series of one engine.
class Reading {
  constructor(engine, series, history) {
    this.engine = engine;
    this.series = series;
    this.history = history;
  }

  // of gives the series of a metric, those whose attributes have one of some values.
  of(metric, ...values) {
    const wanted = (s) => !values.length || Object.values(s.attrs).some((v) => values.includes(v));
    return this.series.filter((s) => s.metric === metric && wanted(s));
  }

  // sum adds up the latest values; null when there are none.
  sum(metric, ...values) {
    const known = this.of(metric, ...values).map((s) => this.#now(s));
    return known.every((v) => v === null) ? null : known.reduce((a, b) => a + (b ?? 0), 0);
  }

  // now is the value of a gauge, and of what is counted the rate of the last few seconds.
  #now(s) {
    if (s.type === "gauge") return this.history.latest(s.id);
    return this.history.recent(s.id, s.type === "histogram" ? "rate" : "values");
  }

  // total is how many were counted in all seconds there are, as text.
  total(metric) {
    const columns = this.of(metric).map((s) => this.history.column(s.id));
    return number(Math.round(columns.flat().reduce((sum, v) => sum + (v ?? 0), 0)));
  }

  // rate is a sum a second, as text.
  rate(metric, ...values) {
    const found = this.of(metric, ...values);
    return quantity(found.length ? this.sum(metric, ...values) : 0, found[0]?.unit, "counter");
  }

  // most is the largest of some rates, as text: steps of a stream each count the same items.
  most(metric, ...values) {
    const found = this.of(metric, ...values);
    return quantity(Math.max(0, ...found.map((s) => this.#now(s) ?? 0)), found[0]?.unit, "counter");
  }

  // share is a sum, beside its limit when there is one.
  share(used, limit, ...values) {
    const unit = this.of(used)[0]?.unit;
    const top = this.sum(limit);
    return { text: quantity(this.sum(used, ...values), unit), of: top === null ? "" : `/ ${unit === "By" ? quantity(top, unit) : compact(top)}` };
  }

  // slow is the 95th percentile of a histogram, as text: that of its busiest series.
  slow(metric) {
    const busiest = this.of(metric).toSorted((a, b) => (this.history.latest(b.id, "rate") ?? 0) - (this.history.latest(a.id, "rate") ?? 0))[0];
    return busiest ? quantity(this.history.latest(busiest.id, "p95"), busiest.unit) : "–";
  }

  // current is the attribute of the series that is 1 now.
  current(metric) {
    const on = this.of(metric).find((s) => this.history.latest(s.id) === 1);
    return on ? Object.values(on.attrs).at(-1).replaceAll("_", " ") : "–";
  }

  // field is a state in words, by what its name begins with.
  field(start) {
    return this.engine.state?.find((f) => f.name.startsWith(start))?.value || "–";
  }

  // line is the sum of some series each second.
  line(color, metric, ...values) {
    const columns = this.of(metric, ...values).map((s) => this.history.column(s.id, s.type === "histogram" ? "rate" : "values"));
    if (!columns.length) return null;
    return { color, values: smooth(columns[0].map((_, i) => columns.reduce((sum, c) => (c[i] === null ? sum : (sum ?? 0) + c[i]), null))) };
  }
}

// smooth gives means of four: what happens each other second is no comb.
function smooth(values) {
  return values.map((v, i) => {
    const near = values.slice(Math.max(0, i - 3), i + 1).filter((one) => one !== null);
    return v === null ? null : near.reduce((a, b) => a + b, 0) / near.length;
  });
}

const bad = (text) => ({ text, tone: text.startsWith("0") || text === "–" ? "" : "warn" });
// lastRun is the outcome of "success in 2ms".
function lastRun(text) {
  const outcome = text.split(" ")[0];
  return { text: outcome, tone: { success: "good", failure: "bad" }[outcome] ?? "" };
}

const tones = { closed: "good", open: "bad", "half open": "warn" };

// usage is how near a limiter is to its bound, whatever that bounds.
function usage(r) {
  if (r.of("goflow.limiter.key.usage").length) return ["keys", r.share("goflow.limiter.key.usage", "goflow.limiter.key.limit")];
  if (r.of("goflow.limiter.pressure").length) return ["pressure", r.share("goflow.limiter.pressure", "")];
  return ["in use", r.share("goflow.limiter.permit.usage", "goflow.limiter.permit.limit")];
}

const kinds = {
  limiter: (r) => ({
    numbers: [
      ["allowed", r.rate("goflow.limiter.decisions", "allowed", "delayed")],
      ["denied", bad(r.rate("goflow.limiter.decisions", "denied"))],
      usage(r),
    ],
    lines: [r.line("--good", "goflow.limiter.decisions", "allowed", "delayed"), r.line("--warn", "goflow.limiter.decisions", "denied")],
  }),
  breaker: (r) => {
    const failed = r.sum("goflow.breaker.calls", "failure") ?? 0;
    const all = failed + (r.sum("goflow.breaker.calls", "success") ?? 0);
    const state = r.current("goflow.breaker.state");
    return {
      numbers: [["state", { text: state, tone: tones[state] ?? "" }], ["calls", r.rate("goflow.breaker.calls")], ["failing", bad(all ? quantity(failed / all, "1") : "–")]],
      lines: [r.line("--good", "goflow.breaker.calls", "success"), r.line("--bad", "goflow.breaker.calls", "failure", "rejected")],
    };
  },
  pool: (r) => ({
    numbers: [
      ["tasks", r.rate("goflow.pool.tasks", "completed", "failed", "panicked")],
      ["queue", r.share("goflow.pool.queue.size", "goflow.pool.queue.capacity")],
      ["busy", r.share("goflow.pool.worker.active", "goflow.pool.worker.limit", "busy")],
    ],
    lines: [r.line("--c1", "goflow.pool.tasks")],
  }),
  job: (r) => ({
    numbers: [["runs, 2 min", r.total("goflow.job.runs")], ["last", lastRun(r.field("run of "))], ["next", until(r.field("next"))]],
    lines: [r.line("--c1", "goflow.job.runs")],
  }),
  stream: (r) => ({
    numbers: [["items", r.most("goflow.stream.items", "emitted")], ["dropped", bad(r.rate("goflow.stream.items", "dropped"))], ["buffer", r.share("goflow.stream.buffer.size", "goflow.stream.buffer.capacity")]],
    lines: [r.line("--c1", "goflow.stream.items", "emitted")],
  }),
  writer: (r) => ({
    numbers: [["written", r.rate("goflow.writer.io", "written")], ["buffer", r.share("goflow.writer.buffer.usage", "goflow.writer.buffer.capacity")], ["lost", bad(r.rate("goflow.writer.writes", "lost", "dropped", "rejected"))]],
    lines: [r.line("--c1", "goflow.writer.io", "written")],
  }),
  retry: (r) => ({
    numbers: [["calls", r.rate("goflow.retry.calls")], ["attempts", r.rate("goflow.retry.attempts")], ["failed", bad(r.rate("goflow.retry.calls", "failure", "exhausted"))]],
    lines: [r.line("--c1", "goflow.retry.attempts")],
  }),
  http: (r) => {
    const duration = r.of("http.server.request.duration").length ? "http.server.request.duration" : "http.client.request.duration";
    const failed = r.of(duration).filter((s) => Object.values(s.attrs).some((v) => /^5\d\d$/.test(v))).reduce((sum, s) => sum + (r.history.recent(s.id, "rate") ?? 0), 0);
    return {
      numbers: [["requests", quantity(r.sum(duration), "", "counter")], ["p95", r.slow(duration)], ["5xx", bad(quantity(failed, "", "counter"))]],
      lines: [r.line("--c1", duration)],
    };
  },
  rpc: (r) => {
    const duration = r.of("rpc.server.call.duration").length ? "rpc.server.call.duration" : "rpc.client.call.duration";
    const failed = r.of(duration).filter((s) => Object.entries(s.attrs).some(([name, v]) => name === "rpc.response.status_code" && v !== "OK")).reduce((sum, s) => sum + (r.history.recent(s.id, "rate") ?? 0), 0);
    return {
      numbers: [["calls", quantity(r.sum(duration), "", "counter")], ["p95", r.slow(duration)], ["not OK", bad(quantity(failed, "", "counter"))]],
      lines: [r.line("--c1", duration)],
    };
  },
  health: (r) => {
    const status = (...values) => r.of("goflow.health.check.status", ...values).filter((s) => r.history.latest(s.id) === 1).length;
    return {
      numbers: [["up", String(status("up"))], ["degraded", bad(String(status("degraded")))], ["down", bad(String(status("down")))]],
      lines: [r.line("--warn", "goflow.health.transitions")],
    };
  },
  runtime: (r) => ({
    numbers: [["goroutines", quantity(r.sum("go.goroutine.count"))], ["heap", quantity(r.sum("go.memory.used"), "By")], ["GC goal", quantity(r.sum("go.memory.gc.goal"), "By")]],
    lines: [r.line("--c1", "go.goroutine.count")],
  }),
};

// keyNumbers gives {numbers: [[label, text or {text, tone, of}]], lines: [{color, values}]} of an engine.
export function keyNumbers(engine, series, history) {
  const reading = new Reading(engine, series, history);
  const known = kinds[engine.kind]?.(reading) ?? any(reading);
  return { numbers: known.numbers, lines: known.lines.filter(Boolean) };
}

// any is for kinds that this page does not know: their first metrics.
function any(r) {
  const metrics = [...new Set(r.series.map((s) => s.metric))].slice(0, 3);
  const numberOf = (metric) => {
    const { unit, type } = r.of(metric)[0];
    return [shortOf(metric), type === "histogram" ? r.slow(metric) : quantity(r.sum(metric), unit, type)];
  };
  const fields = (r.engine.state ?? []).filter((f) => f.name !== "summary").slice(0, 3 - metrics.length).map((f) => [f.name.replaceAll("_", " "), f.value]);
  return { numbers: [...metrics.map(numberOf), ...fields], lines: metrics.length ? [r.line("--c1", metrics[0])] : [] };
}

const shortOf = (metric) => metric.split(".").slice(-2).join(" ").replaceAll("_", " ");

// kindName gives the heading of a kind: limiters, http.
export function kindName(kind, n) {
  const fixed = { http: "HTTP", rpc: "gRPC", runtime: "Runtime", other: "Other", coordination: "Coordination" };
  if (fixed[kind]) return fixed[kind];
  const plural = kind.endsWith("y") ? `${kind.slice(0, -1)}ies` : /(s|x|ch)$/.test(kind) ? `${kind}es` : `${kind}s`;
  const text = n === 1 ? kind : plural;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

