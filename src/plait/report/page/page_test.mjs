// The parts of the page that only compute: values in, values out. `node --test page_test.mjs`; tests/page_test.py runs it.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

import { ACTIVITIES, IDLE, rgbOf, RUNNING } from "./activities.mjs";
import { cellAt, cellsOf, decode, NOBODY, orderOf, loopLineOf } from "./data.mjs";
import { Density, makeLine } from "./density.mjs";
import { formatCount, formatDuration, formatShare } from "./format.mjs";
import { placeOfRow, stacked } from "./layout.mjs";
import { Palette } from "./palette.mjs";
import { figuresOf, latencyHistogram, slowest, throughput } from "./summary.mjs";
import { tickText, timeTicks } from "./ticks.mjs";
import { between, fitted, panned, showing, zoomed } from "./view.mjs";

const FIRST_BYTE = ACTIVITIES.findIndex(({ name }) => name === "first byte");
const BODY = ACTIVITIES.findIndex(({ name }) => name === "body");
const plain = (text) => text.replace(/\u00a0/g, " ").replace(/\u202f/g, " ");

// A timeline with one lane, made of calls `{begin, row, segments: [[activity, length]], standsFor}`.
function timelineOf(calls, { length, kind = "loop", oneIn = 1 } = {}) {
  const segments = calls.flatMap((call) => call.segments);
  const lengths = calls.map((call) => call.segments.reduce((sum, [, part]) => sum + part, 0));
  let at = 0;
  const first = [0, ...calls.map((call) => (at += call.segments.length))];
  return {
    method: "async", command: "run", length: length ?? Math.max(...calls.map((call, i) => call.begin + lengths[i])), oneIn,
    lanes: [{ name: "loop", kind, firstRow: 0, rows: Math.max(...calls.map((call) => call.row ?? 0)) + 1 }],
    rows: Math.max(...calls.map((call) => call.row ?? 0)) + 1,
    results: ["200"],
    calls: {
      count: calls.length,
      begin: Float64Array.from(calls, (call) => call.begin),
      length: Float64Array.from(lengths),
      lane: new Uint32Array(calls.length),
      row: Uint32Array.from(calls, (call) => call.row ?? 0),
      standsFor: Uint32Array.from(calls, (call) => call.standsFor ?? 1),
      firstSegment: Uint32Array.from(first),
      segmentActivity: Uint8Array.from(segments, ([activity]) => activity),
      segmentLength: Float64Array.from(segments, ([, part]) => part),
    },
  };
}

test("the modules make one script, and import only what stands above them", () => {
  const order = readFileSync(new URL("files.cmake", import.meta.url), "utf8").match(/set\(modules ([^)]*)\)/)[1].split(/\s+/);
  const here = readdirSync(new URL(".", import.meta.url)).filter((name) => name.endsWith(".mjs") && !name.endsWith("_test.mjs"));
  assert.deepEqual(here.map((name) => name.slice(0, -4)).sort(), order.slice().sort());
  const script = order.map((name) => {
    const text = readFileSync(new URL(`${name}.mjs`, import.meta.url), "utf8");
    for (const [, from] of text.matchAll(/^import .* from "\.\/(\w+)\.mjs";$/gm)) {
      assert.ok(order.indexOf(from) < order.indexOf(name), `${name} imports ${from}`);
    }
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b/, name);
    return text.replace(/^import .*$/gm, "").replace(/^export /gm, "");
  }).join("\n");
  // A name that two modules give would be refused here.
  new vm.Script(`"use strict"; async () => { ${script} }`);
  assert.doesNotMatch(script, /<\/script|<!--/i);
});

test("lengths of time have three digits that count", () => {
  const said = { 0: "0 s", 0.5: "0.5 µs", 12: "12 µs", 999.4: "999 µs", 999.6: "1 ms", 1234: "1.23 ms", 90e3: "90 ms", 14.43e6: "14.4 s",
    119e6: "119 s", 125e6: "2 min 5 s", 3725e6: "1 h 2 min" };
  for (const [time, text] of Object.entries(said)) {
    assert.equal(plain(formatDuration(Number(time))), text);
  }
});

test("counts are grouped, and shares do not say all or nothing of what is neither", () => {
  assert.equal(plain(formatCount(1234567)), "1 234 567");
  assert.deepEqual([1, 0.99999, 0.5, 0.0001, 0].map((share) => plain(formatShare(share))), ["100 %", "> 99.9 %", "50 %", "< 0.1 %", "0 %"]);
});

test("marks of the axis are round and lie in the view", () => {
  for (const [begin, end] of [[0, 15.7e6], [3.2e3, 3.3e3], [0, 7200e6], [5, 9]]) {
    const { step, times } = timeTicks(begin, end, 10);
    assert.ok(times.length >= 2 && times.length <= 11, `${times.length} marks`);
    assert.ok(times.every((time) => time >= begin && time <= end * (1 + 1e-9)));
    assert.equal(new Set(times.map((time) => tickText(time, step))).size, times.length, "marks that read the same");
  }
});

test("zooming keeps the time under the pointer where it is", () => {
  const view = { begin: 100, end: 300 };
  const closer = zoomed(view, 0.5, 150, 1000);
  assert.deepEqual(closer, { begin: 125, end: 225 });
  assert.equal((150 - closer.begin) / (closer.end - closer.begin), (150 - view.begin) / (view.end - view.begin));
  assert.deepEqual(zoomed(view, 100, 150, 1000), fitted(1000));
  assert.ok(zoomed(view, 1e-12, 150, 1000).end - zoomed(view, 1e-12, 150, 1000).begin >= 1);
});

test("a view stays inside of the timeline", () => {
  assert.deepEqual(panned({ begin: 100, end: 300 }, -500, 1000), { begin: 0, end: 200 });
  assert.deepEqual(panned({ begin: 100, end: 300 }, 5000, 1000), { begin: 800, end: 1000 });
});

test("a call that is gone to is in the view afterwards, and a glide ends there", () => {
  const shown = showing({ begin: 0, end: 1e6 }, 700, 10, 1e6);
  assert.ok(shown.begin <= 700 && shown.end >= 710 && shown.end - shown.begin < 1000);
  assert.deepEqual(showing({ begin: 0, end: 100 }, 20, 30, 1e6), { begin: 0, end: 100 });
  assert.deepEqual(between({ begin: 0, end: 100 }, shown, 1), shown);
});

test("cells fill a row from its start to its end", () => {
  const timeline = timelineOf([
    { begin: 10, row: 0, segments: [[RUNNING, 5], [FIRST_BYTE, 20]] },
    { begin: 12, row: 1, segments: [[BODY, 8]] },
    { begin: 50, row: 0, segments: [[RUNNING, 50]] },
  ]);
  const cells = cellsOf(timeline);
  const row = (r) => Array.from({ length: cells.first[r + 1] - cells.first[r] }, (_, i) => [
    cells.begin[cells.first[r] + i], cells.activity[cells.first[r] + i], cells.call[cells.first[r] + i]]);
  assert.deepEqual(row(0), [[0, IDLE, NOBODY], [10, RUNNING, 0], [15, FIRST_BYTE, 0], [35, IDLE, NOBODY], [50, RUNNING, 2], [100, IDLE, NOBODY]]);
  assert.deepEqual(row(1), [[0, IDLE, NOBODY], [12, BODY, 1], [20, IDLE, NOBODY], [100, IDLE, NOBODY]]);
  assert.equal(cells.call[cellAt(cells.begin, cells.first[0], cells.first[1], 16)], 0);
});

// What a pixel should show, by looking at every cell.
function expected(cells, row, from, to) {
  let [running, inside] = [0, 0];
  for (let cell = cells.first[row]; cell < cells.first[row + 1] - 1; ++cell) {
    const length = Math.min(to, cells.begin[cell + 1]) - Math.max(from, cells.begin[cell]);
    if (length > 0 && cells.activity[cell] !== IDLE) {
      inside += length;
      running += cells.activity[cell] === RUNNING ? length : 0;
    }
  }
  return { cover: inside / (to - from), run: running / (to - from) };
}

test("pixels show what their cells hold, from afar and from near", () => {
  const calls = [];
  let seed = 1;
  const chance = (most) => (seed = (seed * 48271) % 2147483647) % most;
  for (let row = 0; row < 3; ++row) {
    for (let begin = 0; begin < 20000; begin += 100 + chance(400)) {
      calls.push({ begin, row, segments: [[RUNNING, 1 + chance(9)], [FIRST_BYTE, 20 + chance(60)]] });
    }
  }
  const cells = cellsOf(timelineOf(calls, { length: 20500 }));
  const density = new Density(cells);
  const line = makeLine(200);
  for (const [begin, perPixel] of [[0, 102.5], [5000, 40], [5000, 1.7], [7001, 0.05]]) {
    for (let row = 0; row < 3; ++row) {
      density.paint(line, row, 0, begin, perPixel);
      for (let x = 0; x < 200; ++x) {
        // From afar a pixel shows bins that begin up to a bin before it.
        const slack = cells.length / density.bins <= perPixel ? cells.length / density.bins * 2 : perPixel * 1e-6;
        const near = expected(cells, row, begin + x * perPixel - slack, begin + (x + 1) * perPixel + slack);
        const exact = expected(cells, row, begin + x * perPixel, begin + (x + 1) * perPixel);
        assert.equal(line.run[x] > 0 && near.run === 0, false, "running that is not there");
        assert.equal(exact.run > 0.05 && line.run[x] === 0 && x < 199 && line.run[x + 1] === 0, false, "running that is not shown");
        if (slack < perPixel / 2) {
          assert.ok(Math.abs(line.cover[x] / 255 - exact.cover) < 0.05, `cover ${line.cover[x] / 255}, not ${exact.cover}`);
        }
      }
    }
  }
});

test("two calls without a pause between them are two", () => {
  const calls = [0, 505, 1000].map((begin, i, all) => ({ begin, segments: [[FIRST_BYTE, (all[i + 1] ?? 1500) - begin]] }));
  const density = new Density(cellsOf(timelineOf(calls)));
  const line = makeLine(150);
  density.paint(line, 0, 0, 0, 10);
  assert.deepEqual(Array.from(line.cover, (cover, x) => (cover === 0 ? x : -1)).filter((x) => x >= 0), [50]);
  density.paint(line, 0, 0, 490, 1);
  assert.equal(line.cover[14], 255);
});

test("running of a thousandth of a pixel can be seen, among many rows too", () => {
  const calls = Array.from({ length: 64 }, (_, row) => ({ begin: 0, row, segments: [[FIRST_BYTE, 5000], [RUNNING, row === 40 ? 10 : 0], [BODY, 5000]] }));
  const density = new Density(cellsOf(timelineOf(calls, { length: 10010 })));
  const line = makeLine(2);
  density.paint(line, 40 >> 4, 4, 0, 5005);
  assert.ok(Math.max(...line.run) > 0);
  const palette = new Palette("light", "#ffffff");
  const pixels = new Uint32Array(2);
  palette.fill(pixels, 0, line, 2);
  line.run.fill(0);
  const still = new Uint32Array(2);
  palette.fill(still, 0, line, 2);
  assert.notDeepEqual(pixels, still);
});

test("a frame of a row costs its pixels and not its cells", () => {
  const calls = Array.from({ length: 50000 }, (_, i) => ({ begin: i * 20, segments: [[RUNNING, 1], [FIRST_BYTE, 19]] }));
  const cells = cellsOf(timelineOf(calls));
  const density = new Density(cells);
  const line = makeLine(100);
  density.paint(line, 0, 0, 0, cells.length / 100);
  let reads = 0;
  const begin = new Proxy(cells.begin, { get: (target, key) => (typeof key === "string" && /^\d+$/.test(key) && ++reads, target[key]) });
  density.cells = { ...cells, begin };
  for (const span of [cells.length, cells.length / 3, cells.length / 1000, 10]) {
    reads = 0;
    density.paint(line, 0, 0, cells.length / 3, span / 100);
    assert.ok(reads < 100 * 100, `${reads} reads for 100 pixels`);
  }
});

test("the line of a loop goes through its calls in the order of time", () => {
  const timeline = timelineOf([
    { begin: 0, row: 0, segments: [[RUNNING, 2], [FIRST_BYTE, 10], [RUNNING, 3]] },
    { begin: 2, row: 1, segments: [[RUNNING, 4], [FIRST_BYTE, 20], [RUNNING, 3]] },
  ]);
  const loopLine = loopLineOf(timeline, 0, RUNNING);
  assert.deepEqual(Array.from(loopLine.begin), [0, 2, 12, 26]);
  assert.deepEqual(Array.from(loopLine.row), [0, 1, 0, 1]);
  const times = Array.from({ length: 5000 }, (_, i) => (i % 3 === 0 ? 7 : ((i * 7919) % 5000) / 10));
  const order = orderOf(times, 500);
  assert.ok(order.every((at, i) => i === 0 || times[order[i - 1]] <= times[at]));
});

test("rows share the room, and each has its place", () => {
  const many = { lanes: [{ kind: "loop", firstRow: 0, rows: 1000 }] };
  const threads = { lanes: Array.from({ length: 8 }, (_, i) => ({ kind: "thread", firstRow: i, rows: 1 })) };
  const sync = { lanes: [{ kind: "caller", firstRow: 0, rows: 1 }] };
  const layout = stacked([sync, threads, many], 500, 1);
  assert.ok(layout.height <= 500);
  assert.deepEqual(layout.blocks.map(({ kind, rows }) => `${kind} ${rows}`), ["calls 1", "calls 8", "loop 1", "calls 1000"]);
  const place = placeOfRow(layout, 2, 999);
  assert.equal(place.block, layout.blocks[3]);
  assert.ok(Math.abs(place.top + place.height - (place.block.top + place.block.height)) < 1e-6);
  assert.ok(stacked([many], 500, 8).height > 1500);
});

test("figures count a call of a thinned trace as often as it stands for", () => {
  const timeline = timelineOf([
    { begin: 0, segments: [[RUNNING, 10], [FIRST_BYTE, 90]] },
    { begin: 100, segments: [[FIRST_BYTE, 900]], standsFor: 99 },
  ], { length: 1e6 });
  const figures = figuresOf(timeline);
  assert.equal(figures.calls, 100);
  assert.equal(figures.rate, 100);
  assert.equal(figures.p50, 900);
  assert.ok(figures.waiting > 0.99 && figures.waiting < 1);
  const { counts } = latencyHistogram([timeline]);
  assert.equal(counts[0].reduce((sum, count) => sum + count, 0), 100);
  const { interval, rates } = throughput([timeline], 1e5, 10);
  assert.equal(rates[0].reduce((sum, rate) => sum + (rate ?? 0) * interval / 1e6, 0), 100);
});

test("the slowest come first, and no more than asked for", () => {
  const timeline = timelineOf([5, 50, 7, 500, 6].map((length, i) => ({ begin: i * 1000, segments: [[FIRST_BYTE, length]] })));
  assert.deepEqual(slowest([timeline], 3).map(({ call }) => call), [3, 1, 2]);
});

test("data that is cut short is an error, not a page that hangs", () => {
  assert.throws(() => decode(Uint8Array.from([2, 0x8c])), /truncated/);
  assert.throws(() => decode(Uint8Array.from([9])), /another layout/);
});

// Brettel, Viénot and Mollon's idea in the matrices of Machado, Oliveira and Fernandes (2009), for full deficiency.
const DEFICIENCIES = {
  "all colours": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
};

function labOf(colour, matrix) {
  const linear = rgbOf(colour).map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  const [red, green, blue] = matrix.map((row) => Math.min(1, Math.max(0, row.reduce((sum, factor, i) => sum + factor * linear[i], 0))));
  const f = (t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505);
  const y = f(0.2126 * red + 0.7152 * green + 0.0722 * blue);
  const z = f((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

test("any two activities can be told apart, with red-green blindness too", () => {
  const close = [];
  for (const theme of ["light", "dark"]) {
    for (const [name, matrix] of Object.entries(DEFICIENCIES)) {
      for (let one = 0; one < ACTIVITIES.length; ++one) {
        for (let two = 0; two < one; ++two) {
          const [a, b] = [one, two].map((activity) => labOf(ACTIVITIES[activity][theme], matrix));
          const distance = Math.hypot(...a.map((value, i) => value - b[i]));
          if (distance < 9) {
            close.push(`${theme}, ${name}: ${ACTIVITIES[one].name} and ${ACTIVITIES[two].name} (${distance.toFixed(1)})`);
          }
        }
      }
    }
  }
  assert.deepEqual(close, []);
});

test("running is strong and waiting is light", () => {
  for (const [theme, ground] of [["light", "#ffffff"], ["dark", "#12151c"]]) {
    const lightness = (colour) => labOf(colour, DEFICIENCIES["all colours"])[0];
    const contrast = (colour) => Math.abs(lightness(colour) - lightness(ground));
    for (let activity = 1; activity < ACTIVITIES.length; ++activity) {
      assert.ok(contrast(ACTIVITIES[RUNNING][theme]) > contrast(ACTIVITIES[activity][theme]) + 15, `${theme}: ${ACTIVITIES[activity].name}`);
    }
  }
});
