// Numbers as people read them. Units are UCUM's, as metrics have them.

// number gives three digits that matter: 0.012, 1.23, 12.3, 1,234, 12.3k, 4.5M.
export function number(v) {
  if (v === null || v === undefined || Number.isNaN(v)) return "–";
  const size = Math.abs(v);
  if (size === 0) return "0";
  if (size >= 1e9) return `${digits(v / 1e9)}G`;
  if (size >= 1e6) return `${digits(v / 1e6)}M`;
  if (size >= 1e4) return `${digits(v / 1e3)}k`;
  if (size >= 1000) return Math.round(v).toLocaleString("en");
  if (size < 0.001) return v.toExponential(0);
  return digits(v);
}

// compact gives a thousand and more as 4.1k.
export const compact = (v) => (v >= 1000 && v < 1e4 ? `${digits(v / 1e3)}k` : number(v));

function digits(v) {
  const size = Math.abs(v);
  if (size >= 100) return v.toFixed(0);
  return String(Number(v.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3)));
}

// duration gives seconds as ns, µs, ms, s, min, h or d.
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "–";
  const size = Math.abs(seconds);
  if (size === 0) return "0 s";
  if (size < 1e-6) return `${digits(seconds * 1e9)} ns`;
  if (size < 1e-3) return `${digits(seconds * 1e6)} µs`;
  if (size < 1) return `${digits(seconds * 1e3)} ms`;
  if (size < 120) return `${digits(seconds)} s`;
  if (size < 7200) return `${digits(seconds / 60)} min`;
  if (size < 172800) return `${digits(seconds / 3600)} h`;
  return `${digits(seconds / 86400)} d`;
}

// micros gives microseconds, as the trace API has them.
export const micros = (us) => duration(us / 1e6);

// bytes gives B, KiB, MiB, GiB.
export function bytes(n) {
  if (n === null || n === undefined || Number.isNaN(n)) return "–";
  let unit = 0;
  while (Math.abs(n) >= 1024 && unit < 4) {
    n /= 1024;
    unit++;
  }
  return `${digits(n)} ${["B", "KiB", "MiB", "GiB", "TiB"][unit]}`;
}

// quantity gives a value of a metric; of a counter it is a rate.
export function quantity(v, unit, type) {
  if (v === null || v === undefined || Number.isNaN(v)) return "–";
  const per = type === "counter" ? "/s" : "";
  if (unit === "s") return duration(v) + per;
  if (unit === "ms") return duration(v / 1e3) + per;
  if (unit === "By") return bytes(v) + per;
  if (unit === "1") return `${digits(v * 100)} %`;
  return number(v) + per;
}

// unitName gives the unit in words: "{permit}" is permits.
export function unitName(unit) {
  const braced = /^\{(.+)\}$/.exec(unit ?? "");
  return braced ? `${braced[1].replaceAll("_", " ")}s` : "";
}

const two = (n) => String(n).padStart(2, "0");

// clock gives a time of day; of Unix seconds or of a text.
export function clock(time, parts = {}) {
  const t = new Date(typeof time === "number" ? time * 1000 : time);
  if (Number.isNaN(t.getTime())) return "–";
  const base = `${two(t.getHours())}:${two(t.getMinutes())}`;
  if (parts.minutes) return base;
  const full = `${base}:${two(t.getSeconds())}`;
  return parts.millis ? `${full}.${String(t.getMilliseconds()).padStart(3, "0")}` : full;
}

const stamp = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g;

// readable gives a text with each time in it as a time of day.
export const readable = (text) => text.replace(stamp, (time) => clock(time));

// until gives how long it is until the first time in a text, or the text.
export function until(text) {
  const [time] = text.match(stamp) ?? [];
  if (!time) return text;
  const seconds = (new Date(time) - Date.now()) / 1000;
  return seconds < 1 ? "now" : `in ${uptime(seconds)}`;
}

// words gives a name of parts as words.
export const words = (name) => name.replaceAll("_", " ");

// ago gives how long ago a time was.
export function ago(time) {
  const seconds = (Date.now() - new Date(time).getTime()) / 1000;
  return seconds < 1 ? "just now" : `${uptime(seconds)} ago`;
}

// uptime gives whole seconds as 12s, 3m 20s, 5h 3m, 2d 4h.
export function uptime(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${s % 60}s`;
  if (s < 86400) return `${Math.floor(s / 3600)}h ${Math.floor((s % 3600) / 60)}m`;
  return `${Math.floor(s / 86400)}d ${Math.floor((s % 86400) / 3600)}h`;
}

// plural gives "1 span", "2 spans".
export const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
