// What may be done with an engine: a small form for each action.

import { act, token } from "./api.js";
import { el, field, show } from "./dom.js";
import { words } from "./format.js";
import { app } from "./status.js";
import { unlockField } from "./token.js";

// Actions shows the forms of an engine. They stay as they are while its state is read again.
export class Actions {
  #shown = "";
  #after;
  #engine;

  // after is called when something was done.
  constructor(signal, after) {
    this.#after = after;
    this.node = el("section", { class: "actions", "aria-label": "Actions" });
    document.addEventListener("tokenchange", () => this.#draw(), { signal });
    document.addEventListener("appchange", () => this.#draw(), { signal });
  }

  set(engine) {
    this.#engine = engine;
    this.#draw();
  }

  #draw() {
    const actions = this.#engine?.actions ?? [];
    const shape = JSON.stringify([actions.map((a) => [a.name, a.text, a.params?.map((p) => p.name)]), Boolean(token()), app.may_act]);
    if (shape === this.#shown) return this.#prefill(actions);
    this.#shown = shape;
    if (!actions.length) return show(this.node);
    const title = el("h2", null, "Actions");
    if (!app.may_act) return show(this.node, title, cannot());
    if (!token()) return show(this.node, title, unlockField());
    show(this.node, title, el("div", { class: "forms" }, actions.map((a) => this.#form(a))));
  }

  // prefill shows the current values where no one has typed.
  #prefill(actions) {
    for (const action of actions) {
      for (const param of action.params ?? []) {
        const input = this.node.querySelector(`input[name="${CSS.escape(param.name)}"][data-action="${CSS.escape(action.name)}"]`);
        if (input && !input.dataset.typed && document.activeElement !== input) input.value = param.value ?? "";
      }
    }
  }

  #form(action) {
    const result = el("p", { class: "result", role: "status" });
    const input = (param) =>
      el("input", { name: param.name, value: param.value ?? "", "data-action": action.name, autocomplete: "off", oninput: (e) => (e.target.dataset.typed = "1") });
    const label = (param) => [words(param.name), param.text && el("span", { class: "hint" }, param.text)];
    const inputs = (action.params ?? []).map((param) => field(label(param), input(param)));
    const submit = (event) => {
      event.preventDefault();
      this.#run(action, event.target, result);
    };
    return el("form", { class: "action", "data-action": action.name, onsubmit: submit }, el("p", { class: "action-text" }, action.text || words(action.name)), inputs, button(action), result);
  }

  async #run(action, form, result) {
    const args = Object.fromEntries(new FormData(form));
    if (action.confirm && !(await confirmed(action, this.#engine))) return;
    const pressed = form.querySelector("button");
    pressed.disabled = true;
    result.className = "result";
    result.textContent = "…";
    try {
      result.textContent = await act(this.#engine.kind, this.#engine.name, action.name, args);
      result.classList.add("good");
      for (const input of form.querySelectorAll("input")) delete input.dataset.typed;
      this.#after();
    } catch (error) {
      result.textContent = error.status === 401 ? `Refused: ${error.message}` : error.message;
      result.classList.add("bad");
    } finally {
      pressed.disabled = false;
    }
  }
}

const button = (action, value) => el("button", { class: action.confirm ? "danger" : "primary", value }, capital(words(action.name)));

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function cannot() {
  return el(
    "p",
    { class: "muted" },
    "Nothing can be changed here: this console has no token. Give it one in its configuration (",
    el("code", null, "console.Config.Token"),
    ", with fx ",
    el("code", null, "consolefx.Config"),
    ") to change limits, states and jobs from this page.",
  );
}

// confirmed asks first, of what may hurt.
function confirmed(action, engine) {
  return new Promise((resolve) => {
    const form = el("form", { method: "dialog", class: "buttons" }, el("button", { value: "no" }, "Cancel"), button(action, "yes"));
    const dialog = el("dialog", { "aria-label": "Confirm" }, el("h2", null, `${capital(words(action.name))}: ${engine.kind} ${engine.name}?`), el("p", null, `${action.text || words(action.name)}. Callers may notice.`), form);
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
