// The token: asked for in a dialog, or on a lock screen when nothing is shown without it.

import { setToken, token } from "./api.js";
import { el } from "./dom.js";

// form asks for the token.
function form(done) {
  const input = el("input", { type: "password", name: "token", autocomplete: "off", required: true, "aria-label": "Token", placeholder: "Token" });
  const submit = (event) => {
    event.preventDefault();
    setToken(input.value.trim());
    input.value = "";
    done?.();
  };
  return el("form", { class: "unlock", onsubmit: submit }, input, el("button", { class: "primary" }, "Unlock"));
}

// lockScreen is what is shown of a private console without the right token.
export function lockScreen(reason) {
  return el(
    "section",
    { class: "lock" },
    el("h1", null, "This console is locked"),
    el("p", null, "It shows nothing without the token it was configured with."),
    reason && el("p", { class: "bad", role: "alert" }, reason),
    form(),
    el("p", { class: "muted" }, "The token is kept in this tab only."),
  );
}

// unlockField stands where something can be done that needs the token.
export function unlockField() {
  return el("div", { class: "unlock-field" }, el("p", null, "To change anything here, type in the console's token. It is kept in this tab only."), form());
}

// lockButton tells, and changes, whether there is a token.
export function lockButton() {
  const button = el("button", { class: "quiet lock-button", type: "button", onclick: () => (token() ? setToken("") : ask()) });
  const tell = () => {
    button.textContent = token() ? "Lock" : "Unlock";
    button.title = token() ? "Forget the token" : "Type in the token, to change things";
  };
  document.addEventListener("tokenchange", tell);
  tell();
  return button;
}

function ask() {
  const dialog = el("dialog", { "aria-label": "Unlock" });
  dialog.append(el("h2", null, "Unlock"), el("p", { class: "muted" }, "The token is kept in this tab only, and sent in a header."), form(() => dialog.close()));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
