import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, busy, go, launch, open, picture, settled, shop, start } from "./harness.mjs";

let program, browser;
before(async () => {
  [program, browser] = await Promise.all([start(shop), launch()]);
  await busy(program, ["GET /checkout", "execute receipts", "run reminder"]);
});
after(async () => {
  await browser.close();
  assert.equal(await program.stop(), 0, "the program's exit code");
});

const pages = {
  overview: "#/",
  engine: "#/engine/limiter/checkout",
  traces: "#/traces",
  logs: "#/logs",
  health: "#/health",
  boot: "#/boot",
  config: "#/config",
  goroutines: "#/goroutines",
};

// all gives the addresses of all pages, that of a trace included.
async function all() {
  const { body } = await api(program, "traces?root=GET%20/checkout&limit=50");
  const most = body.traces.toSorted((a, b) => b.spans + b.links - a.spans - a.links)[0];
  return { ...pages, trace: `#/trace/${most.id}` };
}

test("every page loads without trouble, in both schemes", async () => {
  const { page, troubles, close } = await open(browser, program.console);
  for (const [name, hash] of Object.entries(await all())) {
    await go(page, hash);
    if (name === "engine") await page.locator("figure canvas").first().waitFor();
    if (name === "trace") await page.locator(".wf-row").nth(1).click();
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await picture(page, `${name}-${colorScheme}`);
    }
    assert.deepEqual(troubles, [], `troubles of ${name}`);
  }
  await close();
});

test("no page is wider than a phone", async () => {
  const { page, troubles, close } = await open(browser, program.console, { viewport: { width: 375, height: 800 }, hasTouch: true });
  for (const [name, hash] of Object.entries(await all())) {
    await go(page, hash);
    const { wide, widest } = await page.evaluate(() => {
      const over = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest("[hidden], .skip, .sr, .u-over, .wf-track"));
      return { wide: document.documentElement.scrollWidth, widest: over.map((e) => `${e.tagName}.${e.className}`).slice(0, 5) };
    });
    await picture(page, `${name}-phone`);
    assert.ok(wide <= 375, `${name}: got a width of ${wide}, want 375 at most; beyond it: ${widest}`);
  }
  assert.deepEqual(troubles, []);
  await close();
});

test("names that are markup are shown as text and run nothing", async () => {
  const hostile = "<script>document.title='owned'</script>";
  const { page, troubles, close } = await open(browser, program.console);
  await page.locator(".engine-name", { hasText: hostile }).click();
  await page.locator("h1", { hasText: hostile }).waitFor();
  await page.locator("figure canvas").first().waitFor();
  const { body } = await api(program, "traces?root=GET%20/checkout&limit=1");
  await go(page, `#/trace/${body.traces[0].id}`);
  await page.locator(".wf-text", { hasText: hostile }).first().waitFor();
  await go(page, "#/logs");
  await page.locator(".attr", { hasText: hostile }).first().waitFor();
  const found = await page.evaluate(() => ({ title: document.title, inline: [...document.scripts].filter((s) => !s.src).length }));
  assert.deepEqual(found, { title: "shop · goflow", inline: 0 });
  assert.deepEqual(troubles, []);
  await close();
});

test("health tells of the check that fails, and the status line too", async () => {
  const { page, close } = await open(browser, program.console);
  await page.locator("header .pill.bad", { hasText: "1 check down" }).click();
  await page.locator('[data-check="printer"]', { hasText: "the printer is on fire" }).waitFor();
  await page.locator('[data-check="disk"] .pill.good', { hasText: "up" }).waitFor();
  await close();
});

test("goroutines are told apart by the engine they belong to", async () => {
  const { page, close } = await open(browser, `${program.console}#/goroutines`);
  const group = page.locator('details[data-kind="stream"]').first();
  await group.locator("summary").first().click();
  await group.locator(".stack summary").first().click();
  await group.locator(".frame", { hasText: "streams." }).first().waitFor();
  await close();
});

test("the scheme that is chosen outlasts a reload", async () => {
  const { page, close } = await open(browser, program.console, { colorScheme: "light" });
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole("button", { name: "Light or dark" }).click();
  const dark = await background();
  assert.notEqual(dark, light, "the background");
  await page.reload();
  await settled(page);
  assert.equal(await background(), dark, "the background after a reload");
  await close();
});

test("when the program ends the page says so, and what was shown stays", async () => {
  const own = await start(shop);
  const { page, close } = await open(browser, own.console);
  await page.locator(".engine").first().waitFor();
  await own.stop();
  await page.locator(".live.lost", { hasText: "disconnected" }).waitFor();
  assert.ok((await page.locator(".engine").count()) > 3, "engines are shown");
  await close();
});
