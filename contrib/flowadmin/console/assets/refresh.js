// Lists that follow what happens, until they are paused.

import { el } from "./dom.js";
import { onTick } from "./live.js";

const points = matchMedia("(hover: hover)");

// held says whether someone points at a list, or walks it by keyboard: nothing must move under them.
const held = (list) => list?.matches(":focus-within") || (points.matches && list?.matches(":hover"));

// refresher calls read when what of(tick) gives has changed, unless the list is held. It has a button that
// pauses and resumes. Two calls are pace ms apart at least.
export function refresher(of, read, signal, { list, pace = 1000 } = {}) {
  let seen = null;
  let paused = false;
  let busy = false;
  let again = false;
  let last = 0;
  const run = async () => {
    if (busy) return void (again = true);
    busy = true;
    last = Date.now();
    try {
      do {
        again = false;
        await read();
      } while (again);
    } catch {
      // What was read before stays; the status line tells when the service is lost.
    } finally {
      busy = false;
    }
  };
  const button = el("button", { type: "button", class: "toggle", "aria-pressed": "false", onclick: () => set(!paused) }, "Pause");
  const why = el("span", { class: "muted held" }, "held while you point at it");
  why.hidden = true;
  const set = (on) => {
    paused = on;
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? "Resume" : "Pause";
    if (!on) run();
  };
  onTick((tick) => {
    const now = of(tick);
    why.hidden = paused || !held(list);
    if (!why.hidden || paused || now === seen || Date.now() - last < pace) return;
    seen = now;
    run();
  }, signal);
  return { node: el("span", { class: "refresh" }, why, button), now: run, pause: () => set(true) };
}
