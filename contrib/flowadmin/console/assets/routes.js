// The addresses of the pages.

import { boot } from "./pages/boot.js";
import { config } from "./pages/config.js";
import { engine } from "./pages/engine.js";
import { goroutines } from "./pages/goroutines.js";
import { health } from "./pages/health.js";
import { logs } from "./pages/logs.js";
import { overview } from "./pages/overview.js";
import { trace } from "./pages/trace.js";
import { traces } from "./pages/traces.js";

// pages are functions of where to draw, the route, and a signal that ends when the page is left.
export const pages = { overview, engine, traces, trace, logs, health, boot, config, goroutines };

const navOf = { engine: "overview", trace: "traces" };

// parse reads "#/trace/ID/SPAN?q=x" as {page, nav, parts, params}. What it does not know is the overview.
export function parse(hash) {
  const [path, query] = hash.replace(/^#\/?/, "").split("?");
  const [first, ...parts] = path.split("/").map(decode);
  const page = Object.hasOwn(pages, first) ? first : "overview";
  return { page, nav: navOf[page] ?? page, parts, params: new URLSearchParams(query ?? "") };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
