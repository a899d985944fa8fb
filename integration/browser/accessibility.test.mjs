import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, busy, go, launch, open, shop, start, token } from "./harness.mjs";

let program, browser;
before(async () => {
  [program, browser] = await Promise.all([start(shop), launch()]);
  await busy(program, ["GET /checkout"]);
});
after(async () => {
  await browser.close();
  await program.stop();
});

async function addresses() {
  const { body } = await api(program, "traces?root=GET%20/checkout&limit=1");
  return ["#/", "#/engine/limiter/checkout", "#/engine/job/sweep", "#/traces", `#/trace/${body.traces[0].id}/`, "#/logs", "#/health", "#/boot", "#/config", "#/goroutines"];
}

// nameless lists the controls without a name, and what else assistive technology needs.
function nameless() {
  const shown = (e) => e.checkVisibility();
  const named = (e) => {
    const by = e.getAttribute("aria-labelledby");
    const text = [e.getAttribute("aria-label"), e.title, e.textContent, by && document.getElementById(by)?.textContent, ...[...(e.labels ?? [])].map((l) => l.textContent)];
    return text.some((t) => t?.trim());
  };
  const controls = [...document.querySelectorAll("a, button, input, select, summary, [role=treeitem], nav, aside, form[role=search]")].filter(shown);
  const bare = controls.filter((e) => !named(e)).map((e) => e.outerHTML.slice(0, 120));
  const headings = document.querySelectorAll("h1").length;
  const twice = [...document.querySelectorAll("[id]")].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i);
  return { bare, headings, twice };
}

test("every control has a name, every page one heading, every id is one element's", async () => {
  const { page, close } = await open(browser, program.console);
  await page.evaluate((text) => sessionStorage.setItem("goflow.token", text), token);
  for (const hash of await addresses()) {
    await go(page, hash);
    assert.deepEqual(await page.evaluate(nameless), { bare: [], headings: 1, twice: [] }, hash);
  }
  await close();
});

// faint lists texts whose contrast with what is behind them is below WCAG's AA.
function faint() {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parsed = new Map();
  const parse = (color) => {
    if (!parsed.has(color)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = color;
      pen.fillRect(0, 0, 1, 1);
      parsed.set(color, [...pen.getImageData(0, 0, 1, 1).data]);
    }
    return parsed.get(color);
  };
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] > 250) return color;
    }
    return [255, 255, 255, 255];
  };
  const seen = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.checkVisibility() || e.closest("canvas, option, .skip")) continue;
    const style = getComputedStyle(e);
    const ground = behind(e);
    const key = `${style.color} on ${ground}`;
    if (seen.has(key)) continue;
    const [a, b] = [luminance(parse(style.color)), luminance(ground)].sort((x, y) => y - x);
    seen.set(key, { ratio: (a + 0.05) / (b + 0.05), text: walker.currentNode.data.slice(0, 40), kind: e.className });
  }
  return { pairs: seen.size, faint: [...seen].filter(([, v]) => v.ratio < 4.5).map(([key, v]) => `${key}: ${v.ratio.toFixed(2)} ("${v.text}", ${v.kind})`) };
}

test("texts stand out by 4.5 to 1 at least, in both schemes", async () => {
  const { page, close } = await open(browser, program.console);
  for (const hash of await addresses()) {
    await go(page, hash);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      const { pairs, faint: found } = await page.evaluate(faint);
      assert.ok(pairs > 3, `${hash}: got ${pairs} pairs of colours`);
      assert.deepEqual(found, [], `${hash}, ${colorScheme}`);
    }
  }
  await close();
});

test("what has the focus has a ring", async () => {
  const { page, close } = await open(browser, program.console);
  for (let i = 0; i < 14; i++) {
    await page.keyboard.press("Tab");
    const ring = await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      return { width: parseFloat(style.outlineWidth), style: style.outlineStyle, what: document.activeElement.outerHTML.slice(0, 80) };
    });
    assert.ok(ring.width >= 2 && ring.style === "solid", `got ${JSON.stringify(ring)}`);
  }
  await close();
});
