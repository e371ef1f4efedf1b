// The page of a live run in Chromium. tests/watch_test.py starts the run, whose page is at PLAIT_URL, and expects that it is stopped here.
// With PLAIT_PICTURES, a folder, pictures of the page are saved there.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { launch } from "./browser.mjs";

const url = process.env.PLAIT_URL;
const pictures = process.env.PLAIT_PICTURES;

let browser;
let context;
const complaints = [];
const requests = new Set();

before(async () => {
  browser = await launch();
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
});
after(() => browser?.close());

async function open() {
  const page = await context.newPage();
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(error.stack));
  page.on("request", (request) => requests.add(new URL(request.url()).pathname.replace(/^\/[0-9a-f]{32}\//, "")));
  await page.goto(url);
  await page.waitForFunction(() => window.plaitLive?.phase() === "running");
  return page;
}

const isIn = (page, phase) => page.waitForFunction((name) => window.plaitLive.phase() === name, phase);
const text = (page, selector) => page.locator(selector).innerText();
const save = (page, name) => (pictures ? page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true }) : undefined);

test("a run is seen, paused and resumed, in several tabs, and stopped", { timeout: 120_000 }, async () => {
  const page = await open();
  // Both kinds of errors are there, so that no table grows any more.
  await page.waitForFunction(() => window.plaitLive.samples() >= 4 && window.plaitLive.state().status.report.errors.length === 2);
  assert.match(await text(page, "h1"), /of 20.000 \(\d+.%\)/);
  assert.match(await page.title(), /^\d+.% · .*results\.jsonl · plait$/);
  assert.match(await text(page, "#state"), /^Running/);
  assert.match(await text(page, "#errors"), /status 404[^]*call-\d+ \(line \d+\)[^]*GET http:\/\/127\.0\.0\.1:\d+\/status\/404/);
  assert.match(await text(page, "#errors"), /reset[^]*GET http:\/\/127\.0\.0\.1:\d+\/fault\/reset-before: read from/);
  assert.match(await text(page, "#outcomes"), /ok[^]*rejected[^]*failed/);
  assert.match(await text(page, "#limits"), /requests=200\/s, configured/);
  assert.match(await text(page, "#costs"), /requests[^]*30000/);
  assert.equal(await page.locator(".uplot canvas").count(), 3);
  assert.equal(await page.locator("#figures > div").count(), 7);

  // Nothing moves while the numbers change.
  const tops = () => page.evaluate(() => [...document.querySelectorAll("h2, #charts canvas, #state, #figures")].map((each) => each.offsetTop));
  const before = await tops();
  const done = await page.evaluate(() => window.plaitLive.state().status.report.done);
  await page.waitForFunction((then) => window.plaitLive.state().status.report.done > then, done);
  assert.deepEqual(await tops(), before);

  // More tabs than a browser opens connections to a server: one of them listens for all.
  const tabs = [];
  for (let n = 0; n < 6; ++n) {
    tabs.push(await open());
  }
  await save(page, "wide");

  // By key, and by a button that the keyboard reaches; all tabs know.
  await page.bringToFront();
  await page.keyboard.press("p");
  await Promise.all([page, ...tabs].map((each) => isIn(each, "paused")));
  assert.match(await text(page, "#state"), /^Paused/);
  assert.match(await page.title(), /^paused · /);
  await page.waitForFunction(() => window.plaitLive.state().status.report.in_flight === 0);
  const paused = await page.evaluate(() => window.plaitLive.state().status.report.done);
  await save(page, "paused");
  await page.locator("#pause").focus();
  assert.equal(await text(page, "#pause"), "Resume");
  await page.keyboard.press("Enter");
  await Promise.all([page, ...tabs].map((each) => isIn(each, "running")));
  await page.waitForFunction((then) => window.plaitLive.state().status.report.done > then, paused);

  // The tab that listened goes; another one takes over.
  const last = tabs.pop();
  await Promise.all([page, ...tabs].map((each) => each.close()));
  const seen = await last.evaluate(() => window.plaitLive.samples());
  await last.bringToFront();
  await last.waitForFunction((then) => window.plaitLive.samples() > then, seen);

  await last.setViewportSize({ width: 360, height: 740 });
  // The charts follow a moment later.
  await last.waitForFunction(() => document.documentElement.scrollWidth === 360);
  await save(last, "narrow");
  await last.emulateMedia({ colorScheme: "dark" });
  await last.waitForFunction(() => getComputedStyle(document.body).backgroundColor === "rgb(18, 21, 28)");
  await last.setViewportSize({ width: 1280, height: 900 });
  await save(last, "dark");

  await last.locator("#stop").click();
  assert.equal(await last.evaluate(() => document.activeElement.id), "confirm-no");
  await save(last, "confirm");
  await last.keyboard.press("Escape");
  assert.equal(await last.evaluate(() => window.plaitLive.phase()), "running");
  await last.locator("#stop").click();
  await last.locator("#confirm-yes").click();
  await isIn(last, "stopped");
  assert.match(await text(last, "#state"), /^Stopped at .*: stopped from the page\.$/);
  assert.equal(await last.locator("#pause").isDisabled(), true);
  assert.match(await last.title(), /^stopped · /);
  await save(last, "stopped");
  assert.deepEqual(complaints, []);
  assert.deepEqual([...requests].sort(), ["", "events", "pause", "resume", "stop"]);
});
