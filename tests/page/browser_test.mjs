// The page in Chromium. tests/page_test.py makes the pages with `plait report`, and runs this with their folder in PLAIT_PAGES; what
// the pages have to show is in its facts.json.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { launch } from "./browser.mjs";

const folder = process.env.PLAIT_PAGES;
const facts = JSON.parse(readFileSync(join(folder, "facts.json"), "utf8"));

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

// Opens a page, lets `look` look at it, and requires that the browser had nothing to complain about and asked for nothing else.
async function open(name, options, look) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const complaints = [];
  const requests = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(error.stack));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => requests.push(request.url()));
  const url = pathToFileURL(join(folder, `${name}.html`)).href;
  try {
    await page.goto(url);
    await page.waitForFunction(() => window.plaitReport?.view().firstFrame > 0, undefined, { timeout: 60_000 });
    await look(page);
    assert.deepEqual(complaints, []);
    assert.deepEqual(requests, [url]);
  } finally {
    await context.close();
  }
}

const viewOf = (page) => page.evaluate(() => window.plaitReport.view());
const timelinesOf = (page) => page.evaluate(() => window.plaitReport.timelines());
const plotOf = (page) => page.evaluate(() => window.plaitReport.plot());
const whereIs = (page, timeline, call) => page.evaluate(([at, which]) => window.plaitReport.where(at, which), [timeline, call]);

// The canvas in view, and the pointer's place in it for a share of the plot's width.
async function toTimeline(page) {
  await page.evaluate(() => document.getElementById("timeline").scrollIntoView({ block: "start" }));
  return plotOf(page);
}

async function wheel(page, x, y, by) {
  await page.mouse.move(x, y);
  const { frames } = await viewOf(page);
  await page.mouse.wheel(0, by);
  await page.waitForFunction((before) => window.plaitReport.view().frames > before, frames);
}

async function press(page, key, isDone) {
  await page.keyboard.press(key);
  await page.waitForFunction(isDone);
}

test("lanes and calls are those of the trace", async () => {
  for (const name of ["four", "async", "big"]) {
    await open(name, {}, async (page) => {
      const shown = await timelinesOf(page);
      assert.deepEqual(shown.map(({ title, calls, lanes }) => ({ title, calls, lanes: lanes.length })), facts[name]);
    });
  }
});

test("the first page says what was compared and which to use", async () => {
  await open("four", {}, async (page) => {
    assert.match(await page.locator("h1").textContent(), /160/);
    assert.equal(await page.locator("#methods tbody tr").count(), 4);
    assert.match(await page.locator("#methods").textContent(), /the operating system/);
    assert.match(await page.locator("#explanation").textContent(), /async/);
    assert.equal(await page.locator("#slowest tbody tr").count(), 20);
    assert.equal(await page.locator(".uplot").count(), 3);
    const legend = await page.locator("#legend").textContent();
    for (const activity of ["running", "first byte", "connect", "tls", "body"]) {
      assert.match(legend, new RegExp(activity));
    }
  });
});

test("hovering shows the call under the pointer with its phases", async () => {
  await open("four", {}, async (page) => {
    await toTimeline(page);
    for (const [timeline, call] of [[0, 58], [1, 20], [3, 90]]) {
      const { x, y, width, height, name } = await whereIs(page, timeline, call);
      await page.mouse.move(x + width / 2, y + height / 2);
      const tooltip = page.locator("#tooltip");
      await tooltip.waitFor({ state: "visible" });
      assert.equal((await viewOf(page)).hovered, name);
      const text = await tooltip.textContent();
      for (const part of [name, "first byte", "body", `line ${name.slice(4)}`, "began at", "took"]) {
        assert.ok(text.includes(part), `${part} is not in ${text}`);
      }
    }
    await page.mouse.move(5, 5);
    await page.locator("#tooltip").waitFor({ state: "hidden" });
  });
});

test("the wheel zooms around the pointer, and back", async () => {
  await open("four", {}, async (page) => {
    const plot = await toTimeline(page);
    const share = 0.3;
    const whole = await viewOf(page);
    for (let turn = 0; turn < 5; ++turn) {
      const before = await viewOf(page);
      await wheel(page, plot.left + plot.width * share, plot.top + 60, -240);
      const now = await viewOf(page);
      const at = (view) => view.begin + share * (view.end - view.begin);
      assert.ok(now.end - now.begin < (before.end - before.begin) * 0.8);
      assert.ok(Math.abs(at(now) - at(before)) < (now.end - now.begin) * 0.005, "the time under the pointer moved");
    }
    for (let turn = 0; turn < 8; ++turn) {
      await page.mouse.wheel(0, 400);
      await page.waitForTimeout(30);
    }
    const { begin, end } = await viewOf(page);
    assert.deepEqual([begin, end], [whole.begin, whole.end]);
  });
});

test("dragging moves the time with the pointer", async () => {
  await open("four", {}, async (page) => {
    const plot = await toTimeline(page);
    for (let turn = 0; turn < 4; ++turn) {
      await wheel(page, plot.left + plot.width / 2, plot.top + 60, -240);
    }
    const before = await viewOf(page);
    await page.mouse.down();
    await page.mouse.move(plot.left + plot.width / 2 - 150, plot.top + 60, { steps: 5 });
    await page.mouse.up();
    await page.waitForFunction((begin) => window.plaitReport.view().begin > begin, before.begin);
    const now = await viewOf(page);
    const moved = ((now.begin - before.begin) / (before.end - before.begin)) * plot.width;
    assert.ok(Math.abs(moved - 150) < 3, `moved by ${moved} pixels`);
    assert.equal(now.followed, null, "a drag is no click");
  });
});

test("a click follows a call, and another one beside all calls lets go", async () => {
  await open("four", {}, async (page) => {
    await toTimeline(page);
    const { x, y, width, height, name } = await whereIs(page, 1, 40);
    await page.mouse.click(x + width / 2, y + height / 2);
    await page.locator("#followed").waitFor({ state: "visible" });
    assert.equal((await viewOf(page)).followed, name);
    assert.match(await page.locator("#followed").textContent(), new RegExp(`${name}.*took`));
    assert.ok((await page.locator("#live").textContent()).startsWith(name));
    const there = await whereIs(page, 1, 40);
    const plot = await plotOf(page);
    assert.ok(there.x >= plot.left - 1 && there.x + there.width <= plot.left + plot.width + 1, "it is not in view");
    await page.locator("#followed .close").click();
    assert.equal((await viewOf(page)).followed, null);
  });
});

test("a slow call is a click away", async () => {
  await open("big", {}, async (page) => {
    const button = page.locator("#slowest button").nth(3);
    const name = await button.textContent();
    await button.click();
    assert.equal((await viewOf(page)).followed, name);
    const { begin, end, length } = await viewOf(page);
    assert.ok(end - begin < length / 2, "it is followed from afar");
    await page.waitForFunction(() => document.activeElement.id === "timeline");
  });
});

test("all of it works by keyboard", async () => {
  await open("four", {}, async (page) => {
    for (let turn = 0; turn < 30 && (await page.evaluate(() => document.activeElement.id)) !== "timeline"; ++turn) {
      await page.keyboard.press("Tab");
    }
    assert.equal(await page.evaluate(() => document.activeElement.id), "timeline");
    assert.equal(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "solid");
    await press(page, "+", () => window.plaitReport.view().end < window.plaitReport.view().length);
    const { begin } = await viewOf(page);
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction((before) => window.plaitReport.view().begin > before, begin);
    await page.keyboard.press("ArrowLeft");
    await page.waitForFunction((before) => Math.abs(window.plaitReport.view().begin - before) < 10, begin);
    await press(page, "Home", () => window.plaitReport.view().end === window.plaitReport.view().length);
    await press(page, "n", () => window.plaitReport.view().followed === "row-1");
    await press(page, "n", () => window.plaitReport.view().followed === "row-2");
    assert.match(await page.locator("#live").textContent(), /^row-2, line 2, sync: 200/);
    await press(page, "p", () => window.plaitReport.view().followed === "row-1");
    await press(page, "Escape", () => window.plaitReport.view().followed === null);
    await press(page, "]", () => window.plaitReport.view().scale === 2);
    await press(page, "0", () => window.plaitReport.view().scale === 1);
    await press(page, "3", () => window.plaitReport.view().end === window.plaitReport.timelines()[2].length);
    await press(page, "-", () => window.plaitReport.view().begin === 0);
    await page.keyboard.press("Tab");
    assert.notEqual(await page.evaluate(() => document.activeElement.id), "timeline", "the focus is caught");
  });
});

test("two fingers zoom, and one moves", async () => {
  await open("four", { hasTouch: true, isMobile: true, viewport: { width: 400, height: 800 } }, async (page) => {
    const plot = await toTimeline(page);
    const client = await page.context().newCDPSession(page);
    const y = plot.top + 40;
    const touch = (type, ...xs) => client.send("Input.dispatchTouchEvent", { type, touchPoints: xs.map((x, id) => ({ x, y, id })) });
    const middle = plot.left + plot.width / 2;
    await touch("touchStart", middle - 30, middle + 30);
    for (let away = 35; away <= 120; away += 5) {
      await touch("touchMove", middle - away, middle + away);
    }
    await touch("touchEnd");
    await page.waitForFunction(() => window.plaitReport.view().end - window.plaitReport.view().begin < window.plaitReport.view().length / 3);
    const { begin } = await viewOf(page);
    await touch("touchStart", middle);
    for (let x = middle; x > middle - 100; x -= 10) {
      await touch("touchMove", x);
    }
    await touch("touchEnd");
    await page.waitForFunction((before) => window.plaitReport.view().begin > before, begin);
  });
});

test("nothing in a name can break the page", async () => {
  await open("hostile", {}, async (page) => {
    const [{ calls }] = await timelinesOf(page);
    assert.equal(calls, facts.names.length);
    assert.equal(await page.evaluate(() => window.isBroken), undefined);
    const listed = await page.locator("#slowest button").allTextContents();
    assert.deepEqual(listed.slice().sort(), facts.names.slice().sort());
    assert.equal(await page.locator("#slowest img, #slowest script").count(), 0);
    await page.locator("#slowest button").first().click();
    assert.ok(facts.names.includes((await viewOf(page)).followed));
    assert.ok(facts.names.includes(await page.locator("#followed strong").textContent()));
  });
});

test("a cut trace and a thinned one say so", async () => {
  await open("cut", {}, async (page) => assert.match(await page.locator("#notes").textContent(), /ends before the run did/));
  await open("thinned", {}, async (page) => {
    assert.match(await page.locator("#notes").textContent(), /one call in 4/);
    assert.match(await page.locator("#figures").textContent(), new RegExp(`calls${facts.thinned}`));
  });
  await open("async", {}, async (page) => assert.equal(await page.locator("#notes li").count(), 0));
});

test("it fits 400 pixels and 2000", async () => {
  for (const name of ["four", "big"]) {
    for (const width of [400, 2000]) {
      await open(name, { viewport: { width, height: 900 } }, async (page) => {
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
        const canvas = await page.locator("#canvas").boundingBox();
        assert.ok(canvas.width > width * 0.75 && canvas.width <= width);
      });
    }
  }
});

test("it is dark where the system is, and light or dark by a button", async () => {
  const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number)[0]);
  // The colour of the canvas's corner: it has to follow the page. Read from a copy, so that the canvas stays as it is.
  const corner = (page) => page.evaluate(() => {
    const copy = new OffscreenCanvas(1, 1).getContext("2d");
    copy.drawImage(document.getElementById("canvas"), 0, 0);
    return copy.getImageData(0, 0, 1, 1).data[0];
  });
  await open("four", { colorScheme: "dark" }, async (page) => {
    assert.ok(await ground(page) < 64 && await corner(page) < 64);
    await page.locator("#theme").click();
    assert.ok(await ground(page) > 192 && await corner(page) > 192);
    assert.equal((await viewOf(page)).theme, "light");
  });
  await open("four", { colorScheme: "light" }, async (page) => assert.ok(await ground(page) > 192));
});

test("it prints in light colours, sharp and without its buttons", async () => {
  await open("four", { colorScheme: "dark" }, async (page) => {
    await page.emulateMedia({ media: "print" });
    await page.waitForFunction(() => window.plaitReport.view().theme === "light");
    assert.equal(await page.locator(".tools").isVisible(), false);
    const sharpness = await page.evaluate(() => document.getElementById("canvas").width / document.getElementById("canvas").clientWidth);
    assert.ok(sharpness >= 2);
    assert.ok((await page.pdf()).length > 20_000);
    await page.emulateMedia({ media: "screen" });
    await page.waitForFunction(() => window.plaitReport.view().theme === "dark");
  });
});

test("those who want less motion are there at once, and others glide", async () => {
  for (const reducedMotion of ["reduce", "no-preference"]) {
    await open("four", { reducedMotion }, async (page) => {
      await page.locator("#timeline").focus();
      const { frames } = await viewOf(page);
      await press(page, "+", () => Math.abs(window.plaitReport.view().end - window.plaitReport.view().begin - window.plaitReport.view().length / 1.6) < 1);
      const drawn = (await viewOf(page)).frames - frames;
      assert.ok(reducedMotion === "reduce" ? drawn <= 2 : drawn >= 2, `${drawn} frames`);
    });
  }
});

test("100,000 calls are drawn as they are zoomed", async () => {
  await open("big", {}, async (page) => {
    const plot = await toTimeline(page);
    const before = await viewOf(page);
    for (let turn = 0; turn < 20; ++turn) {
      await wheel(page, plot.left + plot.width * 0.43, plot.top + plot.height / 2, -240);
    }
    const now = await viewOf(page);
    assert.ok(now.frames >= before.frames + 20);
    assert.ok(now.end - now.begin < before.length / 1000);
    // From near too something is drawn: more than one colour.
    const colours = await page.evaluate(() => {
      const canvas = document.getElementById("canvas");
      const { data } = canvas.getContext("2d").getImageData(canvas.width / 2, 60, 1, canvas.height - 70);
      return new Set(new Uint32Array(data.buffer)).size;
    });
    assert.ok(colours >= 2);
  });
});
