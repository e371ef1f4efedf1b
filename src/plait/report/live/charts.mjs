// The charts of a live run.

import { formatCount, formatDuration, formatRate } from "../page/format.mjs";
import { logSplits, timeX } from "../page/plot.mjs";
import { latencySteps } from "./model.mjs";

/* global uPlot */

/** The charts of `run`, `{course, state}`, which changes. */
export function chartsOf(run) {
  return [rateChart(run), flightChart(run), latencyChart(run)];
}

// An axis from the beginning of the run to now, of 10 s at least.
const sinceBeginning = (run) => ({ ...timeX(), range: () => [0, Math.max(10e6, run.course.times.at(-1) ?? 0)] });

const last = (values) => values.findLast((value) => value !== null) ?? 0;

function rateChart(run) {
  return {
    title: "Results per second",
    note: "Each point is the mean of two seconds or more.",
    summary: () => `At most ${formatRate(Math.max(0, ...run.course.rates))}, now ${formatRate(last(run.course.rates))}.`,
    make: (ink) => ({
      data: [run.course.times, run.course.rates],
      x: sinceBeginning(run),
      y: { text: (rate) => (rate === 0 ? "0" : formatRate(rate)) },
      series: [{ label: "results/s", stroke: ink.methods[0], width: 1.75, fill: ink.wash }],
    }),
  };
}

function flightChart(run) {
  return {
    title: "Calls in flight, and their limit",
    note: "The limit is given, or learnt from the servers.",
    summary: () => {
      const limit = last(run.course.column(4));
      return `Now ${formatCount(last(run.course.column(3)))}${limit > 0 ? ` of at most ${formatCount(limit)}` : ""}.`;
    },
    make: (ink) => ({
      data: [run.course.times, run.course.column(3), run.course.column(4)],
      x: sinceBeginning(run),
      y: { text: formatCount, whole: true },
      series: [
        { label: "in flight", stroke: ink.methods[0], width: 1.75, fill: ink.wash, paths: uPlot.paths.stepped({ align: 1 }) },
        { label: "limit", stroke: ink.methods[1], dash: [8, 4], paths: uPlot.paths.stepped({ align: 1 }) },
      ],
    }),
  };
}

function latencyChart(run) {
  const steps = () => latencySteps(run.state?.status.report.latency);
  return {
    title: "Latency",
    note: "Of calls with an answer.",
    summary: () => {
      const latency = run.state?.status.report.latency;
      if (!latency) {
        return "No call has had an answer yet.";
      }
      const [p50, p90, p99, longest] = [latency.p50_s, latency.p90_s, latency.p99_s, latency.longest_s].map((s) => formatDuration(s * 1e6));
      return `p50 ${p50}, p90 ${p90}, p99 ${p99}, at most ${longest}.`;
    },
    make: (ink) => {
      const { edges, counts } = steps();
      return {
        // A last point closes the last step.
        data: edges.length > 0 ? [edges, [...counts, 0]] : [[1e3, 1e6], [null, null]],
        x: {
          distr: 3,
          range: () => {
            const now = steps().edges;
            return now.length > 0 ? [now[0], now.at(-1)] : [1e3, 1e6];
          },
          text: formatDuration,
          splits: logSplits,
        },
        y: { text: formatCount, whole: true },
        series: [{ label: "calls", stroke: ink.methods[0], width: 1.75, fill: ink.wash, paths: uPlot.paths.stepped({ align: 1 }) }],
      };
    },
  };
}
