// Puts the page together.

import { ACTIVITIES } from "./activities.mjs";
import { chartsOf } from "./charts.mjs";
import { bytesOfBase64, decode } from "./data.mjs";
import { byId, element } from "./dom.mjs";
import { formatCounted } from "./format.mjs";
import { AXIS_HEIGHT } from "./picture.mjs";
import { showCharts } from "./plot.mjs";
import { comparisonOf, figuresOf, nounOf, titleOf } from "./summary.mjs";
import { keyFigures, methodRows, notesOf, showKeyFigures, showLegend, showMethods, showSlowest } from "./tables.mjs";
import { Theme } from "./theme.mjs";
import { TimelineView } from "./timeline.mjs";

function start() {
  const { comparison: comparisonText, timelines } = decode(bytesOfBase64(byId("data").textContent.trim()));
  byId("data").remove();
  const comparison = comparisonOf(comparisonText);
  const noun = comparison && comparison.work !== "calls" ? "job" : nounOf(timelines);
  const figures = timelines.map(figuresOf);

  const title = headline(timelines, figures, noun);
  byId("title").textContent = title;
  document.title = `${title} · plait`;
  byId("subtitle").textContent = subtitle(timelines, comparison);
  const explanation = byId("explanation");
  if (comparison?.advice && !explanation.textContent.includes(comparison.advice)) {
    explanation.textContent = `${explanation.textContent.trim()} ${comparison.advice}`.trim();
  }
  explanation.hidden = explanation.textContent.trim() === "";
  byId("notes").replaceChildren(...notesOf(timelines, noun).map((note) => element("li", {}, note)));

  if (timelines.length > 1 || comparison) {
    showMethods(byId("methods"), methodRows(timelines, figures, comparison), noun);
    byId("methods-frame").hidden = false;
  } else if (timelines.length === 1) {
    showKeyFigures(byId("figures"), keyFigures(timelines[0], figures[0], noun));
    byId("figures").hidden = false;
  }
  if (timelines.length === 0) {
    return;
  }
  for (const section of document.querySelectorAll("main > section[hidden]")) {
    section.hidden = false;
  }
  styleActivities();

  const timeline = new TimelineView(timelines, {
    frame: byId("timeline"), spacer: byId("spacer"), canvas: byId("canvas"), tooltip: byId("tooltip"), panel: byId("followed"),
    live: byId("live"), range: byId("range"),
  });
  showLegend(byId("legend"), figures);
  listenToTools(timeline);
  if (timelines.length > 1) {
    byId("spans").append(...timelines.map((each, at) => element("button",
      { type: "button", title: `Zoom to the run of ${titleOf(each)} (${at + 1})`, onclick: () => timeline.span(at) }, titleOf(each))));
    byId("span-keys").hidden = false;
  }
  byId("slowest-title").textContent = `The slowest ${noun}s`;
  showSlowest(byId("slowest"), timelines, noun, (who) => {
    timeline.follow(who);
    byId("timeline").scrollIntoView({ block: "nearest" });
    byId("timeline").focus({ preventScroll: true });
  });

  // The timeline is there first; the charts, and what only a closer look needs, come after its first frame.
  let drawCharts;
  const theme = new Theme((name, ink) => {
    timeline.useTheme(name, ink);
    drawCharts?.(ink);
  });
  theme.apply();
  requestAnimationFrame(() => setTimeout(() => {
    drawCharts = showCharts(byId("charts"), chartsOf(timelines, noun), timelines.length === 1).draw;
    drawCharts(theme.ink);
    timeline.rows.makeLoopLines();
  }));
  byId("theme").addEventListener("click", () => theme.toggle());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme.apply());
  matchMedia("print").addEventListener("change", ({ matches }) => {
    theme.print(matches);
    timeline.print(matches);
  });
  window.plaitReport = Object.freeze(stateOf(timeline, timelines, theme));
}

function headline(timelines, figures, noun) {
  if (timelines.length === 0) {
    return "Nothing to show";
  }
  const counts = new Set(figures.map(({ calls }) => calls));
  const what = counts.size === 1 ? formatCounted(figures[0].calls, noun) : `${noun}s`;
  if (timelines.length > 1) {
    const names = ["", "", "two", "three", "four", "five", "six"][timelines.length] ?? timelines.length;
    return `${counts.size === 1 ? `The same ${what}` : `The same ${noun}s`}, ${names} ways`;
  }
  return timelines[0].method ? `${what} with ${timelines[0].method}` : what;
}

function subtitle(timelines, comparison) {
  const first = timelines[0];
  const started = first?.started ? new Date(first.started) : undefined;
  return [
    first?.command ? (first.command === "results" ? "from results" : `plait ${first.command}`) : undefined,
    timelines.length === 1 && first.concurrency > 0 ? `at most ${first.concurrency} in flight` : undefined,
    comparison?.work && comparison.work !== "calls" ? String(comparison.work) : undefined,
    comparison?.processors ? formatCounted(comparison.processors, "processor") : undefined,
    started && !Number.isNaN(started.getTime())
      ? started.toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" }) + " UTC" : undefined,
  ].filter(Boolean).join(" · ");
}

// The swatches and bars take the colours of the timeline: one list of colours for both.
function styleActivities() {
  const rules = ACTIVITIES.map((activity, i) => `.activity-${i} { background: var(--activity-${i}); }`).join("\n");
  const values = (theme) => ACTIVITIES.map((activity, i) => `--activity-${i}: ${activity[theme]};`).join(" ");
  document.head.append(element("style", {}, `${rules}\n:root { ${values("light")} }\n:root[data-theme="dark"] { ${values("dark")} }`));
}

function listenToTools(timeline) {
  const actions = {
    closer: () => timeline.zoom(1 / 2),
    farther: () => timeline.zoom(2),
    fit: () => timeline.fit(),
    taller: () => timeline.setScale(timeline.scale * 2),
    lower: () => timeline.setScale(timeline.scale / 2),
    previous: () => timeline.step(-1),
    next: () => timeline.step(1),
  };
  for (const [id, action] of Object.entries(actions)) {
    byId(id).addEventListener("click", action);
  }
}

// What tests and curious people may read; nothing here changes the page.
function stateOf(timeline, timelines, theme) {
  return {
    view: () => ({
      begin: timeline.view.begin,
      end: timeline.view.end,
      length: timeline.length,
      scale: timeline.scale,
      frames: timeline.frames,
      firstFrame: timeline.firstFrame,
      theme: theme.name,
      followed: timeline.followed && timelines[timeline.followed.timeline].calls.name(timeline.followed.call),
      hovered: timeline.hovered && timelines[timeline.hovered.timeline].calls.name(timeline.hovered.call),
    }),
    timelines: () => timelines.map((each) => ({
      title: titleOf(each), length: each.length, calls: each.calls.count, rows: each.rows,
      lanes: each.lanes.map(({ name, kind, rows }) => ({ name, kind, rows })),
    })),
    /** Where time passes, in pixels of the window. */
    plot: () => {
      const box = byId("canvas").getBoundingClientRect();
      const { left, plotWidth } = timeline.picture;
      return { left: box.left + left, width: plotWidth, top: box.top + AXIS_HEIGHT, height: box.height - AXIS_HEIGHT };
    },
    /** Where a call stands, in pixels of the window. */
    where: (at, call) => {
      const box = byId("canvas").getBoundingClientRect();
      const { x, y, width, height } = timeline.picture.rectangleOf(timeline.state(), { timeline: at, call });
      return { x: box.left + x, y: box.top + y, width, height, name: timelines[at].calls.name(call) };
    },
  };
}

start();
