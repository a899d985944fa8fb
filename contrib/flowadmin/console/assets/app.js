// The console: routes in the address's hash, one page at a time, one stream of what is live.

import { Refused, token } from "./api.js";
import { empty, show } from "./dom.js";
import { start } from "./live.js";
import { parse, pages } from "./routes.js";
import { app, build, load } from "./status.js";
import { lockScreen } from "./token.js";

const main = document.getElementById("main");
let leave = null; // ends what the shown page does
let opened = false; // a page was shown before

// open shows the page of the address.
async function open() {
  const route = parse(location.hash);
  leave?.abort();
  const mine = (leave = new AbortController());
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.dataset.page === route.nav) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  show(main);
  if (opened) main.focus({ preventScroll: true });
  opened = true;
  main.dataset.page = route.page;
  main.setAttribute("aria-busy", "true");
  window.scrollTo(0, 0);
  try {
    await pages[route.page](main, route, mine.signal);
  } catch (error) {
    if (!mine.signal.aborted) fail(error);
  } finally {
    if (mine === leave) main.removeAttribute("aria-busy");
  }
}

function fail(error) {
  if (error instanceof Refused && error.status === 401) return lock();
  show(main, empty(error.status === 404 ? "There is no such thing, or it is no longer kept." : "This could not be read.", error.message));
}

function lock() {
  leave?.abort();
  document.body.classList.add("locked");
  show(main, lockScreen(token() ? "The token was refused." : ""));
  main.querySelector("input").focus();
}

async function begin() {
  try {
    await load();
  } catch (error) {
    if (error.status === 401) return lock();
    show(main, empty("The service does not answer.", error.message)); // the stream goes on trying
  }
  document.body.classList.remove("locked");
  start();
  open();
}

// again looks whether the process is the one it was. Of another one, nothing that is shown holds.
async function again() {
  const before = app.started;
  await load().catch(() => {});
  if (app.started !== before || main.querySelector(".empty")) open();
}

// keys: / goes to the search of the page, Esc closes what is open beside it.
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const search = main.querySelector("[data-search]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) main.querySelector("[data-close]")?.click();
});

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the hash is the router's
  main.focus();
});

const whole = new AbortController();
build(document.getElementById("status"), whole.signal);
window.addEventListener("hashchange", open);
document.addEventListener("locked", lock);
document.addEventListener("tokenchange", () => document.body.classList.contains("locked") && begin());
document.addEventListener("livechange", ({ detail }) => {
  if (detail.state === "live" && detail.before === "lost") again();
});
setInterval(() => document.body.classList.contains("locked") || load().catch(() => {}), 5000);
begin();
