import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, busy, go, launch, open, picture, settled, shop, start, token, until } from "./harness.mjs";

let program, browser;
before(async () => {
  [program, browser] = await Promise.all([start(shop), launch()]);
  await busy(program, ["GET /checkout"]);
});
after(async () => {
  await browser.close();
  await program.stop();
});

const setRate = (rate) => JSON.stringify({ kind: "limiter", name: "checkout", action: "set_rate", args: { rate } });

async function rate() {
  const { body } = await api(program, "engines");
  return body.find((e) => e.kind === "limiter" && e.name === "checkout").state.find((f) => f.name === "rate").value;
}

// allowed gives the decisions a second that the limiter allowed, the last one last.
async function allowed() {
  const { body } = await api(program, "series?engine=limiter%2Fcheckout&seconds=10");
  const series = body.series.find((s) => s.metric === "goflow.limiter.decisions" && Object.values(s.attrs).includes("allowed"));
  return series.values.filter((v) => v !== null);
}

async function unlock(page, text) {
  await page.locator("main input[name=token]").fill(text);
  await page.locator("main .unlock button").click();
}

test("a rate is changed with the token, and the limiter keeps to it", async () => {
  const { page, troubles, close } = await open(browser, `${program.console}#/engine/limiter/checkout`);
  await unlock(page, token);
  const form = page.locator('form[data-action="set_rate"]');
  assert.equal(await form.locator("input").inputValue(), "30/s", "the rate that the form begins with");
  await form.locator("input").fill("7/s");
  await form.locator("button").click();
  await form.locator(".result.good", { hasText: "rate 30/s -> 7/s" }).waitFor();
  await picture(page, "acted");
  await page.locator(".state dd", { hasText: "7/s" }).waitFor();
  await until(allowed, (values) => values.at(-1) <= 9, "decisions allowed at 7/s");
  assert.deepEqual(troubles, []);
  await go(page, "#/logs?q=quota_change");
  await page.locator(".event", { hasText: "goflow.limiter.quota_change" }).waitFor();
  await close();
});

test("what cannot be done is told, and what was typed stays", async () => {
  const { page, close } = await open(browser, `${program.console}#/engine/limiter/checkout`);
  await unlock(page, token);
  const form = page.locator('form[data-action="set_rate"]');
  await form.locator("input").fill("fast");
  await form.locator("button").click();
  await form.locator(".result.bad", { hasText: "fast" }).waitFor();
  assert.equal(await form.locator("input").inputValue(), "fast");
  await close();
});

test("without the token, or with a wrong one, nothing is changed", async () => {
  const before = await rate();
  const { page, close } = await open(browser, `${program.console}#/engine/limiter/checkout`);
  await unlock(page, "a wrong token of some length");
  const form = page.locator('form[data-action="set_rate"]');
  await form.locator("input").fill("99/s");
  const [response] = await Promise.all([page.waitForResponse(/api\/actions/), form.locator("button").click()]);
  assert.equal(response.status(), 401, "the status with a wrong token");
  await form.locator(".result.bad", { hasText: "Refused" }).waitFor();
  await close();
  const headers = { "Content-Type": "application/json" };
  const bare = await api(program, "actions", { method: "POST", headers, body: setRate("99/s") });
  assert.equal(bare.status, 401, "the status without a token");
  assert.equal(await rate(), before);
});

test("another origin is refused, token or not", async () => {
  const before = await rate();
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}`, Origin: "http://evil.test" };
  const { status } = await api(program, "actions", { method: "POST", headers, body: setRate("99/s") });
  assert.equal(status, 403);
  assert.equal(await rate(), before);
});

test("what may hurt is asked about first", async () => {
  const { page, troubles, close } = await open(browser, `${program.console}#/engine/breaker/payments`);
  await unlock(page, token);
  const button = page.locator('form[data-action="force_open"] button');
  await button.click();
  await page.locator("dialog", { hasText: "Force open: breaker payments?" }).waitFor();
  await picture(page, "confirm");
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  await button.click();
  await page.locator("dialog").getByRole("button", { name: "Force open" }).click();
  await page.locator('form[data-action="force_open"] .result.good').waitFor();
  await page.locator(".state dd", { hasText: "open" }).first().waitFor();
  await page.locator('form[data-action="reset"] button').click();
  await page.locator('form[data-action="reset"] .result.good').waitFor();
  assert.deepEqual(troubles, []);
  await close();
});

test("the token stays in the tab, and only in a header", async () => {
  const { page, close } = await open(browser, `${program.console}#/engine/limiter/checkout`);
  const asked = [];
  page.on("request", (r) => asked.push(r.url()));
  await unlock(page, token);
  await page.locator('form[data-action="set_rate"]').waitFor();
  await page.reload();
  await settled(page);
  await page.locator('form[data-action="set_rate"]').waitFor();
  assert.ok(asked.every((url) => !url.includes(token)), "no address has the token");
  const kept = await page.evaluate(() => ({ local: JSON.stringify(localStorage), cookie: document.cookie }));
  assert.ok(!JSON.stringify(kept).includes(token), "neither local storage nor a cookie has it");
  await page.locator("header").getByRole("button", { name: "Lock" }).click();
  await page.locator("main input[name=token]").waitFor();
  await close();
});

test("a private console shows nothing until it is unlocked", async () => {
  const hidden = await start({ ...shop, args: [...shop.args, "-private"] });
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(hidden.console);
  await page.locator("h1", { hasText: "locked" }).waitFor();
  await unlock(page, "a wrong token of some length");
  await page.locator("[role=alert]", { hasText: "refused" }).waitFor();
  await picture(page, "locked");
  await unlock(page, token);
  await settled(page);
  await page.locator(".engine").first().waitFor();
  await context.close();
  await hidden.stop();
});

test("a console without a token says how to give it one", async () => {
  const open_ = await start({ source: shop.source });
  const { page, close } = await open(browser, `${open_.console}#/engine/limiter/checkout`);
  await page.locator(".actions", { hasText: "no token" }).waitFor();
  assert.equal(await page.locator(".actions form").count(), 0, "forms");
  const { status } = await api(open_, "actions", { method: "POST", headers: { "Content-Type": "application/json" }, body: setRate("9/s") });
  assert.equal(status, 403);
  await close();
  await open_.stop();
});
