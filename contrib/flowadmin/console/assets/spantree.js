// A trace as a tree: spans under their parents, logs under their spans, in the order of time.

// tree gives the rows of a trace, depth first: {key, depth, span or log, at (µs), parent (a key), children}.
export function tree(trace, withLogs) {
  const known = new Map(trace.spans.map((span) => [span.id, span]));
  const under = Map.groupBy(trace.spans, (span) => (known.has(span.parent) ? span.parent : ""));
  const logs = withLogs ? Map.groupBy(trace.logs ?? [], (log) => (known.has(log.span) ? log.span : "")) : new Map();
  const start = microsOf(trace.start);
  const rows = [];
  const seen = new Set();
  const visit = (id, depth, parent) => {
    const children = [
      ...(under.get(id) ?? []).map((span) => ({ key: span.id, span, at: span.start_us })),
      ...(logs.get(id) ?? []).map((log, i) => ({ key: `${id}/log/${i}`, log, at: microsOf(log.time) - start })),
    ].sort((a, b) => a.at - b.at);
    for (const child of children) {
      if (seen.has(child.key)) continue; // spans that claim to be each other's parents
      seen.add(child.key);
      const row = { ...child, depth, parent, children: 0 };
      rows.push(row);
      if (row.span) row.children = visit(row.span.id, depth + 1, row.key);
    }
    return children.length;
  };
  visit("", 0, null);
  return rows;
}

// microsOf gives the microseconds of a time; a Date keeps milliseconds only.
export function microsOf(time) {
  const [, whole, fraction, zone] = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time ?? "") ?? [];
  if (!whole) return 0;
  return Date.parse(whole + zone) * 1000 + Number((fraction ?? "").padEnd(6, "0").slice(0, 6));
}

// failed says whether a span ended in an error.
export const failed = (span) => span.status === "error";
