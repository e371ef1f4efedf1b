// How quickly a page opens and zooms: `node measure.mjs PAGE.html [ROUNDS]` prints, for each round, the milliseconds from the start of
// the navigation to the first drawn timeline, and the frames per second while a script zooms from all to the closest and back.

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { launch } from "./browser.mjs";

const [path, rounds = "3"] = process.argv.slice(2);
const size = (await stat(path)).size;
console.log(`${path}: ${(size / 2 ** 20).toFixed(2)} MiB`);

const browser = await launch();
for (let round = 0; round < Number(rounds); ++round) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(pathToFileURL(resolve(path)).href);
  await page.waitForFunction(() => window.plaitReport?.view().firstFrame > 0);
  const first = await page.evaluate(() => window.plaitReport.view().firstFrame);
  await page.waitForTimeout(500);
  const { frames, seconds, slowest } = await page.evaluate(zoomForAWhile);
  console.log(`first frame after ${first.toFixed(0)} ms; zooming: ${(frames / seconds).toFixed(1)} frames/s, ` +
    `slowest ${slowest.toFixed(0)} ms`);
  await page.close();
}
await browser.close();

// Runs in the page. A wheel event for each frame, in to the closest and out again, and each frame has to show another view.
async function zoomForAWhile() {
  const canvas = document.getElementById("canvas");
  canvas.scrollIntoView({ block: "center" });
  const plot = window.plaitReport.plot();
  const place = { clientX: plot.left + plot.width * 0.43, clientY: plot.top + plot.height / 2, bubbles: true, cancelable: true };
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  const begin = performance.now();
  const drawn = window.plaitReport.view().frames;
  let [last, slowest] = [begin, 0];
  for (const step of [...Array(90).fill(-60), ...Array(90).fill(60)]) {
    canvas.dispatchEvent(new WheelEvent("wheel", { ...place, deltaY: step }));
    const now = await frame();
    slowest = Math.max(slowest, now - last);
    last = now;
  }
  return { frames: window.plaitReport.view().frames - drawn, seconds: (performance.now() - begin) / 1000, slowest };
}
