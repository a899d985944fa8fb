// The one stream of what happens now. It is read by fetch, since an EventSource sends no header.

import { Refused, request } from "./api.js";

const listeners = new Set();
const maxWait = 10_000;
let wait = 500;
let stop = null;

// state is how the stream is: "connecting", "live", "lost".
export const live = { state: "connecting", tick: null };

// onTick calls f with each tick until the signal aborts.
export function onTick(f, signal) {
  listeners.add(f);
  signal.addEventListener("abort", () => listeners.delete(f));
}

// start reads the stream, and again whenever it ends, until start is called anew or the token is refused.
export async function start() {
  stop?.abort();
  const mine = (stop = new AbortController());
  wait = 500;
  while (!mine.signal.aborted) {
    try {
      await read(mine.signal);
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        if (!mine.signal.aborted) document.dispatchEvent(new Event("locked"));
        return;
      }
    }
    if (mine.signal.aborted) return;
    change("lost");
    await pause(wait, mine.signal);
    wait = Math.min(maxWait, wait * 2);
  }
}

async function read(signal) {
  const quiet = new AbortController(); // ends a connection on which nothing comes any more
  const both = AbortSignal.any([signal, quiet.signal]);
  let timer = setTimeout(() => quiet.abort(), maxWait);
  try {
    const response = await request("live", { signal: both });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), maxWait);
      const events = (text + value).replaceAll("\r\n", "\n").split("\n\n");
      text = events.pop();
      for (const event of events) take(event);
    }
  } finally {
    clearTimeout(timer);
  }
}

// take tells all listeners of an event "tick".
function take(event) {
  const lines = event.split("\n");
  if (!lines.includes("event: tick")) return;
  const data = lines.filter((l) => l.startsWith("data:")).map((l) => l.slice(5));
  live.tick = JSON.parse(data.join("\n"));
  wait = 500;
  change("live");
  for (const f of [...listeners]) f(live.tick);
}

function change(state) {
  if (live.state === state) return;
  const before = live.state;
  live.state = state;
  document.dispatchEvent(new CustomEvent("livechange", { detail: { before, state } }));
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
