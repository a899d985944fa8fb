// Colours of lines and bars. What means the same has the same colour on all pages.

const probe = document.createElement("i");
let known = new Map();
document.addEventListener("themechange", () => (known = new Map()));

// resolve gives what a custom property such as "--c1" is in the scheme that is shown; canvases need it.
export function resolve(property) {
  if (!known.has(property)) {
    if (!probe.isConnected) {
      probe.hidden = true;
      document.body.append(probe);
    }
    probe.style.color = `var(${property})`;
    known.set(property, getComputedStyle(probe).color);
  }
  return known.get(property);
}

const meanings = {
  "--good": ["allowed", "success", "completed", "closed", "ok", "acknowledged", "granted", "written", "emitted", "up"],
  "--warn": ["denied", "rejected", "dropped", "skipped", "overlapped", "missed", "half_open", "degraded", "late"],
  "--bad": ["failure", "failed", "error", "panic", "panicked", "open", "lost", "timeout", "timed_out", "expired"],
  "--c1": ["p50", "idle", "in use"],
  "--c3": ["busy"],
};
const meant = new Map(Object.entries(meanings).flatMap(([color, words]) => words.map((word) => [word, color])));
const palette = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7", "--c8"];

// paint gives each of some labels a colour: that of its meaning, or the next one that is free.
export function paint(labels) {
  const taken = new Set(labels.map((label) => meant.get(label)));
  const free = palette.filter((color) => !taken.has(color));
  const used = new Set();
  let next = 0;
  return labels.map((label) => {
    const own = meant.get(label);
    if (own && !used.has(own)) {
      used.add(own);
      return own;
    }
    return free[next++ % free.length];
  });
}

// byMeaning orders labels: what went well, then what was refused, then what failed, then the rest.
export function byMeaning(a, b) {
  const rank = (label) => ["--good", "--c3", "--c1", undefined, "--warn", "--bad"].indexOf(meant.get(label));
  return rank(a) - rank(b) || a.localeCompare(b);
}

// scopeColors gives each of some instrumentation scopes a colour: the same on all pages, as far as no two
// of them then have the same.
export function scopeColors(scopes) {
  const colors = new Map();
  const used = new Set();
  for (const scope of scopes) {
    let at = hashOf(scope) % palette.length;
    for (let i = 0; i < palette.length && used.has(at); i++) at = (at + 1) % palette.length;
    used.add(at);
    colors.set(scope, palette[at]);
  }
  return colors;
}

function hashOf(text) {
  let hash = 0;
  for (const c of text ?? "") hash = (hash * 31 + c.codePointAt(0)) >>> 0;
  return hash;
}
