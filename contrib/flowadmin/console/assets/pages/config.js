// What the process was built of and configured with.

import { get } from "../api.js";
import { pairs } from "../details.js";
import { el, empty, field, head, show } from "../dom.js";

// config shows all sections, and the modules; both can be searched.
export async function config(main, _, signal) {
  const reply = await get("config", {}, signal);
  const body = el("div", { class: "groups" });
  const search = el("input", { type: "search", placeholder: "name or value", "data-search": true, autocomplete: "off", oninput: () => draw() });
  const draw = () => show(body, parts(reply, search.value.trim().toLowerCase()));
  show(main, head("Configuration"), el("form", { class: "filters", role: "search", onsubmit: (e) => e.preventDefault() }, field("Search", search, { class: "field grow" })), body);
  draw();
}

function parts({ sections = [], deps = [] }, query) {
  const found = [...sections, { name: "Modules", fields: deps }]
    .map(({ name, fields }) => ({ name, fields: (fields ?? []).filter((f) => !query || `${name} ${f.name} ${f.value}`.toLowerCase().includes(query)) }))
    .filter(({ fields }) => fields.length);
  if (!found.length) return empty(query ? "Nothing matches." : "There is nothing to show.");
  return found.map(({ name, fields }) => el("section", { class: "part" }, el("h2", null, name), pairs(fields.map((f) => [f.name, f.value]), "table-like")));
}
