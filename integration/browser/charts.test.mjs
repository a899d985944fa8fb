import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { busy, go, launch, open, picture, shop, start, until } from "./harness.mjs";

let program, browser, page, troubles;
before(async () => {
  [program, browser] = await Promise.all([start(shop), launch()]);
  await busy(program, ["GET /checkout", "run reminder"]);
  ({ page, troubles } = await open(browser, program.console));
});
after(async () => {
  await browser.close();
  await program.stop();
});

// ink gives how many pixels of a canvas have a colour, which axes and grids have not, and a number that
// differs when they stand elsewhere.
function ink(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let coloured = 0;
  let print = 7;
  for (let i = 0; i < data.length; i += 4) {
    const low = Math.min(data[i], data[i + 1], data[i + 2]);
    const high = Math.max(data[i], data[i + 1], data[i + 2]);
    if (data[i + 3] < 64 || high - low < 48) continue;
    coloured++;
    print = (print * 31 + i) % 1_000_000_007;
  }
  return { coloured, print };
}

const read = (selector) => page.locator(selector).first().evaluate(ink);
const chartOf = (metric) => `[data-metric="${metric}"] canvas`;

// inked waits until a canvas has so many coloured pixels, and gives its ink.
const inked = (selector, least) => until(() => read(selector), (now) => now.coloured >= least, `ink of ${selector}`);

// moved waits until they stand elsewhere than they did.
const moved = (selector, then) => until(() => read(selector), (now) => now.print !== then.print, `moving ink of ${selector}`);

const choose = (window) => page.getByText(window, { exact: true }).click();

for (const [name, hash, metric] of [
  ["decisions of a limiter", "#/engine/limiter/checkout", "goflow.limiter.decisions"],
  ["calls of a breaker", "#/engine/breaker/payments", "goflow.breaker.calls"],
  ["tasks of a pool", "#/engine/pool/receipts", "goflow.pool.tasks"],
  ["items of a stream", "#/engine/stream/orders", "goflow.stream.items"],
  ["requests of a server", "#/engine/http/server", "http.server.request.duration"],
]) {
  test(`a chart of the ${name} draws points that move with time`, async () => {
    await go(page, hash);
    await choose("1 min");
    await moved(chartOf(metric), await inked(chartOf(metric), 60));
    assert.deepEqual(troubles, []);
  });
}

test("sparks of the overview draw points that move with time", async () => {
  await go(page, "#/");
  const spark = '[data-engine="clients"] canvas';
  await moved(spark, await inked(spark, 10));
});

test("the cursor is at the same second in all charts of a page, and legends follow it", async () => {
  await go(page, "#/engine/limiter/checkout");
  await choose("1 min");
  await inked(chartOf("goflow.limiter.decisions"), 60);
  await page.locator('[data-metric="goflow.limiter.decisions"] .u-over').scrollIntoViewIfNeeded();
  const box = await page.locator('[data-metric="goflow.limiter.decisions"] .u-over').boundingBox();
  await page.mouse.move(box.x + box.width - 20, box.y + box.height / 2);
  await page.waitForFunction(() => {
    const lines = [...document.querySelectorAll(".u-cursor-x")].map((e) => e.style.transform);
    return lines.length > 2 && new Set(lines).size === 1 && !lines[0].includes("-10px");
  });
  await picture(page, "cursor");
});

test("another window shows the same charts over another time, and holds on other pages", async () => {
  const chart = chartOf("goflow.limiter.decisions");
  await choose("15 min");
  const long = await inked(chart, 5);
  await choose("1 min");
  await moved(chart, long);
  await go(page, "#/engine/breaker/payments");
  assert.equal(await page.locator("input[name=window]:checked").inputValue(), "60", "the window on the next page");
});
