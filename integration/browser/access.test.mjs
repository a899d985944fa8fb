// Pages of others, in the browser of someone who may look at the console.

import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { api, launch, shop, start, token } from "./harness.mjs";

let program, browser, evil;
before(async () => {
  [program, browser, evil] = await Promise.all([start(shop), launch("--host-resolver-rules=MAP evil.test 127.0.0.1"), serveEvil()]);
});
after(async () => {
  await browser.close();
  await program.stop();
  evil.server.close();
});

// serveEvil serves an empty page on another port.
async function serveEvil() {
  const server = http.createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<title>evil</title>"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}

const action = { kind: "limiter", name: "checkout", action: "set_rate", args: { rate: "1/s" } };

// unchanged asserts that the limiter is as it was made.
async function unchanged() {
  const { body } = await api(program, "engines");
  const fields = body.find((e) => e.kind === "limiter" && e.name === "checkout").state;
  assert.equal(fields.find((f) => f.name === "rate").value, "30/s", "the rate");
}

test("a page of another origin reads nothing, by whatever kind of request", async () => {
  const page = await browser.newPage();
  await page.goto(evil.url);
  const read = await page.evaluate(async (base) => {
    const tries = { plain: fetch(`${base}api/app`), blind: fetch(`${base}api/app`, { mode: "no-cors" }), live: fetch(`${base}api/live`), traces: fetch(`${base}api/traces`) };
    const got = {};
    for (const [name, answer] of Object.entries(tries)) got[name] = await answer.then((r) => r.text(), () => "");
    return got;
  }, program.console);
  assert.deepEqual(read, { plain: "", blind: "", live: "", traces: "" });
  await page.close();
});

test("a page of another origin changes nothing, even with the token", async () => {
  const page = await browser.newPage();
  const statuses = [];
  page.on("response", (r) => r.url().includes("/api/actions") && statuses.push(r.status()));
  await page.goto(evil.url);
  await page.evaluate(
    async ({ url, body, token }) => {
      const ignore = () => {};
      await fetch(url, { method: "POST", mode: "no-cors", body }).catch(ignore);
      await fetch(url, { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` }, body }).catch(ignore);
    },
    { url: `${program.console}api/actions`, body: JSON.stringify(action), token },
  );
  assert.ok(statuses.every((status) => status >= 400), `got statuses ${statuses}`);
  await unchanged();
  await page.close();
});

test("a form of another origin is refused", async () => {
  const page = await browser.newPage();
  await page.goto(evil.url);
  const [response] = await Promise.all([
    page.waitForResponse(/api\/actions/),
    page.evaluate((url) => {
      const form = document.createElement("form");
      Object.assign(form, { method: "POST", action: url, enctype: "text/plain" });
      document.body.append(form);
      form.submit();
    }, `${program.console}api/actions`),
  ]);
  assert.equal(response.status(), 403);
  await unchanged();
  await page.close();
});

test("a name that was made to mean this machine gets 421", async () => {
  const page = await browser.newPage();
  const port = new URL(program.admin).port;
  for (const path of ["/debug/flow/", "/debug/flow/api/app", "/"]) {
    const response = await page.goto(`http://evil.test:${port}${path}`);
    assert.equal(response.status(), 421, `the status of ${path}`);
  }
  await page.close();
});

test("the console is in no frame of another page", async () => {
  const page = await browser.newPage();
  await page.goto(evil.url);
  const refused = page.waitForEvent("console", (m) => m.text().includes("frame-ancestors"));
  await page.evaluate((url) => {
    const frame = document.createElement("iframe");
    frame.src = url;
    document.body.append(frame);
  }, program.console);
  await refused;
  await page.close();
});
