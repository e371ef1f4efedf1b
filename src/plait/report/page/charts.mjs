// The charts below the timeline, by uPlot.

import { formatCount, formatDuration, formatRate } from "./format.mjs";
import { logSplits, timeX } from "./plot.mjs";
import { latencyHistogram, thinnedCounts, throughput, titleOf } from "./summary.mjs";
import { timeTicks } from "./ticks.mjs";

/* global uPlot */

const MOST_POINTS = 2000;
const INTERVALS = 80;

// Dashes tell the methods apart where colours do not.
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]];

/** The charts that these timelines have something for: `{title, note, summary, make(width, ink) → uPlot options and data}`. */
export function chartsOf(timelines, noun) {
  return [...loopCharts(timelines), latencyChart(timelines, noun), throughputChart(timelines, noun)].filter(Boolean);
}

function loopCharts(timelines) {
  return timelines.flatMap((timeline) => timeline.lanes.flatMap((lane, at) => {
    const { loopCounts } = timeline;
    const places = Array.from({ length: loopCounts.count }, (_, i) => i).filter((i) => loopCounts.lane[i] === at);
    if (places.length < 2) {
      return [];
    }
    const kept = thinnedCounts(loopCounts, places, MOST_POINTS);
    const column = (name) => kept.map((i) => loopCounts[name][i]);
    const most = (name) => formatCount(column(name).reduce((a, b) => Math.max(a, b), 0));
    return [{
      title: timelines.length > 1 || timeline.lanes.length > 1 ? `Tasks of ${titleOf(timeline)}, ${lane.name}` : "Tasks of the loop",
      note: "Waiting tasks cost the loop nothing. Ready tasks wait for the loop itself: if they pile up, the loop is the bottleneck.",
      summary: `At most ${most("ready")} tasks ready and ${most("waiting")} waiting.`,
      make: (ink) => ({
        data: [column("when"), column("waiting"), column("ready")],
        x: timeX(),
        y: { text: formatCount, whole: true },
        series: [
          { label: "waiting", stroke: ink.methods[0], fill: ink.wash, paths: uPlot.paths.stepped({ align: 1 }) },
          { label: "ready", stroke: ink.ready, width: 1.5, paths: uPlot.paths.stepped({ align: 1 }) },
        ],
      }),
    }];
  }));
}

function latencyChart(timelines, noun) {
  const { edges, counts } = latencyHistogram(timelines);
  if (edges.length === 0) {
    return undefined;
  }
  const starts = edges.slice(0, -1);
  const peak = starts.map((_, i) => counts.reduce((sum, bins) => sum + bins[i], 0));
  const at = peak.indexOf(Math.max(...peak));
  return {
    title: `Duration of a ${noun}`,
    note: "Each step is a range of durations; the time axis is logarithmic.",
    summary: `Most often about ${formatDuration(Math.sqrt(edges[at] * edges[at + 1]))}.`,
    make: (ink) => ({
      // A last point closes the last step.
      data: [edges, ...counts.map((bins) => [...bins, 0])],
      x: { distr: 3, range: [edges[0], edges.at(-1)], text: formatDuration, splits: logSplits },
      y: { text: formatCount, whole: true },
      series: timelines.map((timeline, i) => ({
        label: titleOf(timeline),
        ...lineOf(ink, i, timelines.length),
        paths: uPlot.paths.stepped({ align: 1 }),
      })),
    }),
  };
}

function throughputChart(timelines, noun) {
  const length = Math.max(0, ...timelines.map((timeline) => timeline.length));
  const shortest = Math.min(...timelines.map((timeline) => timeline.length));
  if (!(shortest > 0)) {
    return undefined;
  }
  const { step } = timeTicks(0, Math.min(shortest / 20, length / INTERVALS), 1);
  const { interval, times, rates } = throughput(timelines, Math.max(step, length / MOST_POINTS), INTERVALS / 2);
  return {
    title: `${noun[0].toUpperCase()}${noun.slice(1)}s ended per second`,
    note: `Counted in intervals of ${formatDuration(interval)}${timelines.length > 1 ? ", or longer ones for longer runs" : ""}.`,
    summary: timelines.map((timeline, i) => `${titleOf(timeline)}: at most ` +
      `${formatRate(rates[i].reduce((a, b) => Math.max(a, b ?? 0), 0))} per second.`).join(" "),
    make: (ink) => ({
      data: [times, ...rates],
      x: { ...timeX(), range: [0, length] },
      y: { text: (rate) => (rate === 0 ? "0" : formatRate(rate)) },
      series: timelines.map((timeline, i) => ({
        label: titleOf(timeline),
        ...lineOf(ink, i, timelines.length),
        paths: uPlot.paths.stepped({ align: 1 }),
      })),
    }),
  };
}

function lineOf(ink, i, count) {
  return { stroke: ink.methods[i % ink.methods.length], dash: DASHES[i % DASHES.length], width: 1.75, fill: count === 1 ? ink.wash : undefined };
}
