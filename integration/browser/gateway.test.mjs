// What a newcomer sees: the gateway's console, a moment after it was started.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, go, launch, open, picture, start, token, until } from "./harness.mjs";

let gateway, browser;
before(async () => {
  const args = ["-addr", "127.0.0.1:0", "-grpc", "127.0.0.1:0", "-admin", "127.0.0.1:0"];
  [gateway, browser] = await Promise.all([start({ source: "../../examples/gateway", args, env: { GATEWAY_CONSOLE_TOKEN: token } }), launch()]);
});
after(async () => {
  await browser.close();
  await gateway.stop();
});

test("the overview moves, and each of its engines has a page", async () => {
  const { page, troubles, close } = await open(browser, gateway.console);
  for (const name of ["clients", "upstream-grpc", "mirror", "probe-upstream", "traffic", "access-log"]) {
    await page.locator("main").getByRole("link", { name }).first().waitFor();
  }
  await page.locator("main a", { hasText: "clients" }).filter({ hasText: /[1-9][.\d]*\/s/ }).first().waitFor();
  const { body } = await api(gateway, "engines");
  for (const { kind, name } of body) {
    await go(page, `#/engine/${kind}/${encodeURIComponent(name)}`);
    await page.locator("h1", { hasText: name }).waitFor();
  }
  assert.deepEqual(troubles, []);
  await close();
});

test("the boot is a waterfall", async () => {
  const { page, troubles, close } = await open(browser, `${gateway.console}#/boot`);
  await page.locator(".wf-row", { hasText: "app start" }).waitFor();
  assert.ok((await page.locator(".wf-row").count()) > 20, "few spans");
  assert.deepEqual(troubles, []);
  await close();
});

test("a request that failed leads to the recheck it scheduled", async () => {
  const found = await until(
    () => api(gateway, "traces?root=POST&limit=20"),
    ({ body }) => body.traces.some((t) => t.path === "/broken" && t.links > 0),
    "a failed request with a link",
  );
  const { page, troubles, close } = await open(browser, `${gateway.console}#/traces?root=POST`);
  const id = found.body.traces.find((t) => t.links > 0).id;
  await page.locator(`.traces a[data-trace="${id}"]`).click();
  await page.locator("h1", { hasText: "/broken" }).waitFor();
  await page.locator(".wf-row", { hasText: "HTTP POST" }).click();
  await picture(page, "gateway-trace");
  await page.locator(".trace-links a", { hasText: "execute jobs" }).first().click();
  await page.locator("h1", { hasText: "execute jobs" }).waitFor();
  await page.locator(".wf-row", { hasText: "HTTP HEAD" }).first().waitFor();
  assert.deepEqual(troubles, []);
  await close();
});

test("after half a minute there is something to show", async () => {
  await until(() => api(gateway, "app"), ({ body }) => Date.now() - Date.parse(body.started) > 30_000, "half a minute");
  const { page, troubles, close } = await open(browser, gateway.console, { colorScheme: "dark" });
  await page.locator("main a", { hasText: "clients" }).first().waitFor();
  await picture(page, "gateway-overview");
  await go(page, "#/engine/limiter/clients");
  await page.locator("canvas").first().waitFor();
  await picture(page, "gateway-limiter");
  assert.deepEqual(troubles, []);
  await close();
});
