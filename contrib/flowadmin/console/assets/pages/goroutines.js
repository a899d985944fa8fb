// The goroutines there are, by the engine they belong to.

import { get } from "../api.js";
import { el, empty, head, say, show } from "../dom.js";
import { plural } from "../format.js";

// goroutines shows a profile of them; it is taken when the page is opened, and on demand.
export async function goroutines(main, _, signal) {
  const list = el("div", { class: "groups" });
  const total = el("span", { class: "muted" });
  const read = async () => {
    const reply = await get("goroutines", {}, signal);
    say(total, plural(reply.total, "goroutine"));
    const groups = (reply.groups ?? []).toSorted((a, b) => Number(!a.kind) - Number(!b.kind) || b.count - a.count);
    show(list, groups.length ? groups.map(group) : empty("None was found."));
  };
  const again = el("button", { type: "button", onclick: () => read().catch(() => {}) }, "Take again");
  show(main, head("Goroutines", total, again), list);
  await read();
}

function group({ kind, name, count, stacks }) {
  const title = kind ? [el("span", { class: "pill" }, kind), el("span", { class: "main-text" }, name)] : el("span", { class: "main-text" }, "Not goflow's");
  return el("details", { class: "goroutines", "data-kind": kind || "none" }, el("summary", null, title, el("span", { class: "spring" }), el("b", { class: "num" }, count)), el("div", { class: "stacks" }, stacks.map(stack)));
}

function stack({ count, frames }) {
  return el("details", { class: "stack" }, el("summary", null, el("b", { class: "num" }, count), frame(telling(frames) ?? frames[0] ?? "")), el("ol", null, frames.map((f) => el("li", null, frame(f)))));
}

// telling is the first frame that is not the runtime's: what the goroutine is about.
const telling = (frames) => frames.find((f) => !/^(runtime|internal|sync|time|context)[./]/.test(f));

function frame(text) {
  const at = text.indexOf(" ");
  return at < 0 ? el("span", { class: "frame" }, text) : el("span", { class: "frame" }, el("span", null, text.slice(0, at)), " ", el("span", { class: "muted" }, text.slice(at + 1)));
}
