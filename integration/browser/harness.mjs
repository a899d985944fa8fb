// What the tests share: a program with a console, a browser, and a page that is watched.

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.join(here, "out"); // screenshots and programs
mkdirSync(out, { recursive: true });

const patience = 30_000; // ms for a condition; a busy machine takes its time

export const token = "0123456789abcdef0123456789abcdef";

// shop is the program of this folder, with the token above.
export const shop = { source: "./app", args: ["-token", token] };

// start builds and starts a Go program {source, args, env} on ports of its own choice, and waits until it
// says "admin http://ADDRESS". It gives {console, admin, shop, pid, stop}; stop ends it by its pid and
// gives its exit code.
export async function start({ source, args = [], env = {} }) {
  const binary = path.join(out, path.basename(path.resolve(here, source)));
  const built = spawnSync("go", ["build", "-o", binary, source], { cwd: here, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`go build ${source}: ${built.stderr}`);
  const child = spawn(binary, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
  const urls = await addresses(child, ended);
  const stop = () => {
    child.kill("SIGTERM");
    return ended;
  };
  return { ...urls, console: `${urls.admin}/debug/flow/`, pid: child.pid, stop };
}

// addresses reads lines such as "admin    http://127.0.0.1:1234" until the admin port's is there.
function addresses(child, ended) {
  return new Promise((resolve, reject) => {
    let said = "";
    const read = (chunk) => {
      said += chunk;
      const found = Object.fromEntries([...said.matchAll(/^(\w+)\s+(http:\/\/[\w.:[\]-]+)/gm)].map(([, name, url]) => [name, url]));
      if (found.admin && said.endsWith("\n")) resolve(found);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    ended.then((code) => reject(new Error(`it ended with ${code}: ${said}`)));
  });
}

// launch starts the browser.
export function launch(...args) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync", ...args,
    ],
  });
}

// open opens a page whose troubles are kept: what the console and uncaught errors said, requests that
// failed, and requests to other hosts.
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, ...options });
  const page = await context.newPage();
  const troubles = [];
  const host = new URL(url).host;
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && !m.text().startsWith("Canvas2D: Multiple readback") && troubles.push(`${m.type()}: ${m.text()}`));
  page.on("pageerror", (e) => troubles.push(`uncaught: ${e.message}`));
  page.on("request", (r) => new URL(r.url()).host !== host && troubles.push(`another host: ${r.url()}`));
  page.on("requestfailed", (r) => r.failure()?.errorText !== "net::ERR_ABORTED" && troubles.push(`failed: ${r.url()} ${r.failure()?.errorText}`));
  page.on("response", (r) => r.status() >= 400 && troubles.push(`${r.status()}: ${r.url()}`));
  page.setDefaultTimeout(patience);
  await page.goto(url);
  await settled(page);
  return { page, troubles, close: () => context.close() };
}

// settled waits until the page of the address is drawn and live.
export async function settled(page) {
  await page.locator("main:not([aria-busy]) h1").waitFor();
  await page.locator(".live.live").waitFor();
}

// go shows another page of the console.
export async function go(page, hash) {
  await page.evaluate((to) => (location.hash = to), hash);
  await page.waitForFunction((to) => location.hash === to, hash);
  await settled(page);
}

// picture keeps a screenshot.
export function picture(page, name) {
  return page.screenshot({ path: path.join(out, `${name}.png`) });
}

// api asks the console's API from outside the browser.
export async function api(program, what, options) {
  const response = await fetch(`${program.console}api/${what}`, options);
  return { status: response.status, body: await response.json() };
}

// until waits for a condition of what ask gives, looking again as often as the program has something new.
export async function until(ask, holds, why) {
  const end = AbortSignal.timeout(patience);
  for (;;) {
    const got = await ask();
    if (holds(got)) return got;
    if (end.aborted) throw new Error(`${why}: the last answer was ${JSON.stringify(got)?.slice(0, 400)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// busy waits until the program has traces of all kinds and some seconds of metrics.
export async function busy(program, roots) {
  await until(() => api(program, "traces?limit=1"), ({ body }) => roots.every((root) => body.roots.some((r) => r.name === root)), "traces");
}
