import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, busy, launch, open, picture, shop, start } from "./harness.mjs";

let program, browser;
before(async () => {
  [program, browser] = await Promise.all([start(shop), launch()]);
  await busy(program, ["GET /checkout", "GET /later", "execute receipts", "run reminder"]);
});
after(async () => {
  await browser.close();
  await program.stop();
});

// follow goes by clicks from the newest trace of a root to the trace its link leads to.
async function follow(page, root, linked) {
  await page.locator("#nav").getByText("Traces").click();
  await page.locator(`select[name=root] option[value="${root}"]`).waitFor({ state: "attached" });
  await page.locator("select[name=root]").selectOption(root);
  const rows = page.locator(".traces .rows .row").filter({ has: page.locator(".main-text", { hasText: root }) });
  await rows.filter({ hasText: "link" }).first().click();
  await page.locator("h1", { hasText: root }).waitFor();
  await page.locator(".trace-links a", { hasText: linked }).first().click();
  await page.locator("h1", { hasText: linked }).waitFor();
}

test("a request's trace leads across a link to the pool's task, and back", async () => {
  const { page, troubles, close } = await open(browser, program.console);
  await follow(page, "GET /checkout", "execute receipts");
  const selected = page.locator('.wf-row[aria-selected="true"]');
  assert.match(await selected.textContent(), /execute receipts/, "the span that is marked");
  await page.locator(".details a", { hasText: "linked to" }).waitFor();
  await picture(page, "linked");
  await page.locator(".crumbs a", { hasText: "GET /checkout" }).click();
  await page.locator("h1", { hasText: "GET /checkout" }).waitFor();
  assert.deepEqual(troubles, []);
  await close();
});

test("a request's trace leads across a link to the job that it scheduled", async () => {
  const { page, troubles, close } = await open(browser, program.console);
  await follow(page, "GET /later", "run reminder");
  await page.locator(".wf-log", { hasText: "reminded" }).waitFor();
  assert.deepEqual(troubles, []);
  await close();
});

test("logs lead to their trace, and can be narrowed to it", async () => {
  const { page, troubles, close } = await open(browser, `${program.console}#/logs`);
  await page.locator("input[name=q]").fill("reminded");
  const row = page.locator(".logs .rows .row", { hasText: "reminded" }).first();
  await row.hover();
  await row.getByRole("link").click();
  await page.locator("h1", { hasText: "run reminder" }).waitFor();
  const id = await page.locator(".summary .id").textContent();
  await page.goto(`${program.console}#/logs?trace=${id}`);
  await page.waitForFunction(() => document.querySelectorAll(".logs .rows .row").length === 1);
  assert.match(await page.locator(".logs .rows .row").textContent(), /reminded/);
  assert.deepEqual(troubles, []);
  await close();
});

test("spans are collapsed, expanded and opened by click", async () => {
  const { body } = await api(program, "traces?root=GET%20/checkout&limit=1");
  const { page, close } = await open(browser, `${program.console}#/trace/${body.traces[0].id}`);
  const rows = page.locator(".wf-row:visible");
  const all = await rows.count();
  await page.locator(".wf-row .fold").first().click();
  assert.equal(await rows.count(), 1, "rows when the root is collapsed");
  await page.locator(".wf-row .fold").first().click();
  assert.equal(await rows.count(), all, "rows when it is expanded again");
  await page.locator(".wf-row", { hasText: "take clients" }).click();
  await page.locator(".details", { hasText: "goflow.limiter.outcome" }).waitFor();
  await close();
});

test("the search narrows the list, errors only leaves no other, and pause holds it", async () => {
  const { page, close } = await open(browser, `${program.console}#/traces`);
  await page.locator("input[name=q]").fill("run sweep");
  await page.waitForFunction(() => {
    const names = [...document.querySelectorAll(".traces .rows .main-text")].map((e) => e.textContent);
    return names.length > 0 && names.every((name) => name === "run sweep");
  });
  assert.match(page.url(), /q=run\+sweep/, "the address keeps the search");
  await page.locator("input[name=q]").fill("");
  await page.locator("input[name=errors]").check();
  await page.waitForFunction(() => [...document.querySelectorAll(".traces .rows .row")].every((row) => row.querySelector(".pill.bad")));
  await page.locator("input[name=errors]").uncheck();
  await page.locator(".traces .rows .row").nth(20).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  const first = () => page.locator(".traces .rows .row").first().getAttribute("data-trace");
  const held = await first();
  const seen = (await api(program, "app")).body.kept.spans.count;
  await page.waitForFunction(async (n) => (await (await fetch("api/app")).json()).kept.spans.count > n + 100, seen);
  assert.equal(await first(), held, "the first row while paused");
  await page.getByRole("button", { name: "Resume" }).click();
  await page.waitForFunction((id) => document.querySelector(".traces .rows .row").dataset.trace !== id, held);
  await close();
});

test("a trace that is not kept is told of", async () => {
  const { page, close } = await open(browser, program.console);
  await page.evaluate(() => (location.hash = "#/trace/00000000000000000000000000000001"));
  await page.locator(".empty", { hasText: "no longer kept" }).waitFor();
  await close();
});

test("the keyboard alone leads from the overview to a span's details", async () => {
  const { page, troubles, close } = await open(browser, program.console);
  const focused = (selector) => page.evaluate((s) => document.activeElement.matches(s), selector);
  const tabTo = async (selector) => {
    for (let i = 0; i < 60; i++) {
      if (await focused(selector)) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`Tab does not reach ${selector}`);
  };
  await page.keyboard.press("Tab");
  assert.ok(await focused("#skip"), "the first stop is the skip link");
  await tabTo('#nav a[data-page="traces"]');
  await page.keyboard.press("Enter");
  await page.locator(".traces .rows .row").first().waitFor();
  await page.keyboard.press("/");
  assert.ok(await focused("input[name=q]"), "/ goes to the search");
  await page.keyboard.type("GET /checkout");
  await page.waitForFunction(() => [...document.querySelectorAll(".traces .rows .main-text")].every((e) => e.textContent === "GET /checkout"));
  await tabTo(".traces .rows .row");
  await page.keyboard.press("Enter");
  await page.locator("h1", { hasText: "GET /checkout" }).waitFor();
  await page.locator(".wf-row").nth(1).waitFor();
  await tabTo(".wf-row");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.locator(".details h2", { hasText: "take clients" }).waitFor();
  await picture(page, "keyboard");
  await page.keyboard.press("Escape");
  await page.locator(".details").waitFor({ state: "detached" });
  assert.ok(await focused(".wf-row"), "Esc goes back to the span");
  assert.deepEqual(troubles, []);
  await close();
});
