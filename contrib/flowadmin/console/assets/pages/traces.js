// The traces that are kept, newest first.

import { get } from "../api.js";
import { el, field, head, say, show } from "../dom.js";
import { listLink, replaceAddress } from "../links.js";
import { TraceList } from "../lists.js";
import { refresher } from "../refresh.js";
import { app, kept } from "../status.js";
import { startTrail } from "./trace.js";

// traces shows the traces that match the address's parameters.
export async function traces(main, route, signal) {
  startTrail();
  const list = new TraceList();
  const form = searchForm(route.params);
  const more = el("button", { type: "button", hidden: true, onclick: () => older() }, "Show older");
  const count = el("p", { class: "muted" });
  let shown = [];
  const read = async () => {
    const reply = await get("traces", { ...values(form), limit: 100 }, signal);
    roots(form, reply.roots ?? []);
    shown = reply.traces;
    draw();
  };
  const draw = () => {
    const narrowed = Object.values(values(form)).some(Boolean);
    list.set(shown, narrowed ? "No trace matches." : "No trace yet.", narrowed ? "Of what is not sampled, or no longer kept, there is none." : "They come as soon as something traced happens.");
    more.hidden = shown.length === 0 || shown.length % 100 !== 0;
    say(count, kept(app.kept?.spans, "span"));
  };
  const older = async () => {
    live.pause();
    const reply = await get("traces", { ...values(form), limit: 100, before: shown.at(-1).start }, signal);
    shown = [...shown, ...reply.traces.filter((t) => !shown.some((s) => s.id === t.id))];
    draw();
    more.hidden ||= reply.traces.length === 0;
  };
  const live = refresher((tick) => tick.spans, read, signal, { list: list.node });
  show(main, head("Traces", live.node), form, list.node, el("div", { class: "foot" }, count, more));
  form.addEventListener("input", () => {
    replaceAddress(listLink("traces", values(form)));
    live.now();
  });
  form.addEventListener("submit", (event) => (event.preventDefault(), live.now()));
  await read();
}

function searchForm(params) {
  const root = el("select", { name: "root" }, el("option", { value: "" }, "all"), params.get("root") && el("option", { value: params.get("root"), selected: true }, params.get("root")));
  return el(
    "form",
    { class: "filters", role: "search" },
    field("Search", el("input", { type: "search", name: "q", value: params.get("q") ?? "", placeholder: "span, attribute, trace id", "data-search": true, autocomplete: "off" }), { class: "field grow" }),
    field("Root", root),
    field("At least, ms", el("input", { type: "number", name: "min_ms", min: "0", step: "any", value: params.get("min_ms") ?? "", class: "short" })),
    el("label", { class: "check" }, el("input", { type: "checkbox", name: "errors", checked: params.get("errors") === "1" }), el("span", null, "Errors only")),
  );
}

function values(form) {
  const { q, root, min_ms, errors } = form.elements;
  return { q: q.value.trim(), root: root.value, min_ms: min_ms.value, errors: errors.checked ? "1" : "" };
}

// roots offers the names of roots there are.
function roots(form, all) {
  const select = form.elements.root;
  const names = [...new Set([...all.map((r) => r.name), select.value].filter(Boolean))].sort();
  const had = [...select.options].slice(1).map((o) => o.value);
  if (document.activeElement === select || names.join("\n") === had.join("\n")) return;
  const chosen = select.value;
  show(select, el("option", { value: "" }, "all"), names.map((name) => el("option", { value: name }, name)));
  select.value = chosen;
}
