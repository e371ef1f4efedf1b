// The parts of the page of a live run that only compute. `node --test live_test.mjs`; tests/page_test.py runs it.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

import {
  costRows, Course, errorRows, figuresOf, groupRows, latencySteps, limitsInWords, outcomeRows, phaseOf, shareOf, stateInWords, tabInWords,
  titleInWords, workerRows,
} from "./model.mjs";

const plain = (text) => text.replace(/\u00a0/g, " ").replace(/\u202f/g, " ");

function stateOf(changes = {}, status = {}) {
  const report = {
    began: "2026-11-25T12:00:00.000Z", last_heard: "2026-11-25T12:01:05.000Z", pid: 4711, total: 5000, done: 1999,
    outcomes: { ok: 1990, rejected: 7, failed: 2, unknown: 0, skipped: 0 }, in_flight: 80, retries: 1, refusals: 3,
    lately_per_second: 187.5, per_second: 20, costs: [], limits: [], latency: null, errors: [], is_paused: false, is_stopping: false,
    has_ended: false, stopped: "", groups: [], group_count: 0, workers: [], ...changes,
  };
  return { status: { is_running: true, why_waiting: "", seconds_left: 16, report, ...status }, groups: [], sample: null };
}

test("the modules make one script, and import only what stands above them", () => {
  const cmake = readFileSync(new URL("../page/files.cmake", import.meta.url), "utf8");
  const order = cmake.match(/set\(live_modules ([^)]*)\)/)[1].split(/\s+/);
  const here = readdirSync(new URL(".", import.meta.url)).filter((name) => name.endsWith(".mjs") && !name.endsWith("_test.mjs"));
  assert.deepEqual(here.map((name) => name.slice(0, -4)).sort(), order.filter((name) => !name.startsWith("../")).sort());
  const nameOf = (path, from) => new URL(path, new URL(from, "http://x/report/live/")).pathname;
  const paths = order.map((name) => nameOf(`${name}.mjs`, ""));
  const script = order.map((name, at) => {
    const text = readFileSync(new URL(`${name}.mjs`, import.meta.url), "utf8");
    const imports = [...text.matchAll(/^import .* from "(.*)";$/gm)].map(([, path]) => nameOf(path, paths[at]));
    for (const path of imports) {
      assert.ok(paths.indexOf(path) >= 0 && paths.indexOf(path) < at, `${name} imports ${path}`);
    }
    assert.equal(imports.length, [...text.matchAll(/^import /gm)].length, `${name}: an import takes one line`);
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b/, name);
    return text.replace(/^import .*$/gm, "").replace(/^export /gm, "");
  }).join("\n");
  // A name that two modules give would be refused here.
  new vm.Script(`"use strict"; async () => { ${script} }`);
});

test("rates are means of two seconds or more, and steady for steady results", () => {
  const course = new Course();
  course.replace([[0, 0, 0, 0, null], [0.5, 50, 0, 0, null], [1, 100, 0, 0, null]]);
  for (let at = 1.5; at <= 10; at += 0.5) {
    course.push([at, at * 100, 0, 0, null]);
  }
  assert.deepEqual(course.rates, [null, ...Array(20).fill(100)]);
  // 3 results a second, which come together.
  course.replace(Array.from({ length: 20 }, (_, i) => [i / 2, 3 * Math.floor(i / 2), 0, 0, null]));
  assert.ok(course.rates.slice(6).every((rate) => rate >= 2 && rate <= 4), String(course.rates));
});

test("a sample that is known already, or was taken before, changes nothing", () => {
  const course = new Course();
  course.push([1, 10, 0, 0, null]);
  course.push([1, 10, 0, 0, null]);
  course.push(null);
  assert.equal(course.samples.length, 1);
});

test("a run is in one phase", () => {
  assert.equal(phaseOf(undefined, true), "unknown");
  assert.equal(phaseOf(stateOf(), true), "running");
  assert.equal(phaseOf(stateOf(), false), "lost");
  assert.equal(phaseOf(stateOf({ is_paused: true }), true), "paused");
  assert.equal(phaseOf(stateOf({ is_paused: true, is_stopping: true }), true), "stopping");
  assert.equal(phaseOf(stateOf({ has_ended: true }, { is_running: false }), false), "finished");
  assert.equal(phaseOf(stateOf({ has_ended: true, stopped: "interrupted" }, { is_running: false }), true), "stopped");
  assert.equal(phaseOf(stateOf({ stopped: "write out.jsonl: No space left" }, { is_running: false }), true), "stopped");
});

test("the state is a word and a sentence", () => {
  const words = (state, isConnected = true) => stateInWords(state, phaseOf(state, isConnected)).map(plain).join(" | ");
  assert.equal(words(stateOf({}, { why_waiting: "waits for requests=500/m until 14:03:07" })), "Running: | waits for requests=500/m until 14:03:07");
  assert.match(words(stateOf({ is_paused: true, in_flight: 1 })), /^Paused\. \| .*1 call is in flight/);
  assert.match(words(stateOf({ has_ended: true }, { is_running: false })), /^Finished \| at \d\d:\d\d:05, after 65 s\.$/);
  assert.match(words(stateOf({ has_ended: true, stopped: "interrupted" }, { is_running: false })), /^Stopped \| at .*: interrupted\.$/);
  assert.match(words(stateOf(), false), /^Connection lost\. \| /);
});

test("100 % is all of them, as in the terminal", () => {
  assert.equal(plain(titleInWords(stateOf().status.report)), "1 999 of 5 000 (39 %)");
  assert.equal(plain(titleInWords(stateOf({ done: 4999 }).status.report)), "4 999 of 5 000 (99 %)");
  assert.equal(plain(titleInWords(stateOf({ total: null }).status.report)), "1 999 results");
  assert.equal(shareOf({ total: 3, done: 4 }), undefined);
  assert.equal(plain(tabInWords(stateOf().status.report, "running", "/tmp/out.jsonl")), "39 % · out.jsonl · plait");
  assert.equal(plain(tabInWords(stateOf().status.report, "paused", "out.jsonl")), "paused · out.jsonl · plait");
});

test("the figures have the same number at any time, so that nothing moves", () => {
  const early = figuresOf(stateOf({}, { seconds_left: null }));
  const latency = { calls: 10, p50_s: 0.09, p90_s: 0.1, p99_s: 1.5, longest_s: 2, bins: [] };
  const late = figuresOf(stateOf({ latency }), 96);
  assert.equal(early.length, late.length);
  assert.deepEqual(early.map(({ value }) => plain(value)), ["188", "80", "–", "–", "–", "1", "9"]);
  assert.deepEqual(late.map(({ value }) => plain(value)), ["188", "80", "16 s", "90 ms", "1.5 s", "1", "9"]);
  assert.equal(late[1].label, "in flight of at most 96");
  assert.equal(late[5].label, "retry, 3 refused");
});

test("the steps of durations have no gaps", () => {
  const bins = [{ from_s: 0, up_to_s: 16e-6, calls: 1 }, { from_s: 16e-6, up_to_s: 32e-6, calls: 2 }, { from_s: 0.064, up_to_s: 0.08, calls: 3 }];
  const { edges, counts } = latencySteps({ bins });
  assert.deepEqual(edges.map(Math.round), [1, 16, 32, 64_000, 80_000]);
  assert.deepEqual(counts, [1, 2, 0, 3]);
  assert.deepEqual(latencySteps(null), { edges: [], counts: [] });
});

test("tables say what the report says", () => {
  const state = stateOf({
    errors: [{ kind: "status 404", calls: 7, custom_id: "a", line: 3, request: "GET http://h/3", message: "no", at: "2026-11-25T12:01:00.000Z" }],
    costs: [{ unit: "usd", spent: 1.25, budget: 5 }, { unit: "tokens", spent: 81000, budget: null }],
    limits: [{ unit: "requests", amount: 500, window_s: 60 }, { unit: "requests", amount: 5, window_s: 2 }],
    groups: [{ name: "http://h", in_flight: 3, concurrency: 10, waiting: 4, http_version: "2" }],
    workers: [{ host: "w", version: "0.2", slots: 8, in_flight: 2, calls: 20, is_leaving: true, lost_at: null, lost_calls: 0 }],
    group_count: 3,
  });
  state.groups = [{ name: "http://h", limit_change: "raised from 8: 100 clean answers", why_waiting: "waits for x", limits: ["requests=5/s, learnt from refusals"] }];
  const { report } = state.status;
  assert.deepEqual(outcomeRows(report).map(({ cells }) => cells.map(plain)),
    [["ok", "1 990", "99.5 %"], ["rejected", "7", "0.4 %"], ["failed", "2", "0.1 %"]]);
  const [error] = errorRows(report);
  assert.deepEqual([error.cells[0], error.cells[1], error.cells[3], error.cells[4]], ["status 404", "7", "a (line 3)", "GET http://h/3 → no"]);
  assert.deepEqual(groupRows(state)[0].cells, ["http://h (HTTP/2)", "3 of 10", "4", "raised from 8: 100 clean answers", "waits for x"]);
  assert.deepEqual(limitsInWords(state).map(plain),
    ["requests=500/m, configured", "requests=5/2 s, configured", "requests=5/s, learnt from refusals", "And 2 more groups."]);
  assert.deepEqual(costRows(report).map(({ cells }) => cells.map(plain)), [["usd", "1.25", "5", "25 %"], ["tokens", "81000", "", ""]]);
  assert.deepEqual(workerRows(report)[0].cells, ["w", "is leaving", "2 of 8", "20", "0.2"]);
});
