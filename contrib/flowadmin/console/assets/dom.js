// Elements. All that is shown goes through here, and text is always a text node: what engines, spans and
// logs are called may be an attacker's words.

// el makes an element: el("a", {class: "row", href, onclick: f}, child, "text", [more]). Of what is
// null, undefined or false there is nothing.
export function el(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

// svg makes an element of a drawing.
export function svg(tag, props, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  add(node, children);
  return node;
}

// add appends children, texts, and lists of them.
export function add(node, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
}

// show puts children in place of what is in node.
export function show(node, ...children) {
  node.replaceChildren();
  add(node, children);
}

// say sets a text, and leaves the document alone when it is what stands there.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Rows keeps the children of a node in step with a list. A child stays the same element for as long as its key
// is in the list, so focus, selection and hover outlast a refresh.
export class Rows {
  #node;
  #kept = new Map();
  #make;

  // make(item) gives {node, update(item)}; update is optional.
  constructor(node, make) {
    this.#node = node;
    this.#make = make;
  }

  // set shows items; key(item) tells them apart.
  set(items, key) {
    const next = new Map();
    let at = this.#node.firstChild;
    for (const item of items) {
      const id = key(item);
      if (next.has(id)) continue;
      const row = this.#kept.get(id) ?? this.#make(item);
      row.update?.(item);
      next.set(id, row);
      if (row.node === at) at = at.nextSibling;
      else this.#node.insertBefore(row.node, at);
    }
    for (const [id, row] of this.#kept) if (!next.has(id)) row.node.remove();
    this.#kept = next;
  }
}

// page gives the head of a page: its title, and what stands at its right.
export function head(title, ...right) {
  return el("div", { class: "head" }, el("h1", null, title), el("div", { class: "head-right" }, right));
}

// empty says that there is nothing, and perhaps why.
export function empty(text, hint) {
  return el("div", { class: "empty" }, el("p", null, text), hint && el("p", { class: "muted" }, hint));
}

// field gives a labelled control.
export function field(label, control, props) {
  return el("label", { class: "field", ...props }, el("span", null, label), control);
}
