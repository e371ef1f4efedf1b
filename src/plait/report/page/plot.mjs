// How the charts are drawn, by uPlot.

import { element } from "./dom.mjs";
import { formatDuration } from "./format.mjs";
import { timeTicks } from "./ticks.mjs";

/* global uPlot */

const HEIGHT = 220;

/** An axis of times, in microseconds. */
export function timeX() {
  return { text: formatDuration, splits: (self) => timeTicks(self.scales.x.min, self.scales.x.max, self.bbox.width / uPlot.pxRatio / 90).times };
}

/** The ticks of a logarithmic axis of times. */
export function logSplits(self) {
  const { min, max } = self.scales.x;
  const splits = [];
  for (let power = 10 ** Math.floor(Math.log10(min)); power <= max; power *= 10) {
    splits.push(...[1, 2, 5].map((factor) => factor * power).filter((value) => value >= min && value <= max));
  }
  if (splits.length < 3) {
    return timeTicks(min, max, 6).times;
  }
  const room = Math.max(2, Math.floor(self.bbox.width / uPlot.pxRatio / 64));
  return splits.filter((_, i) => i % Math.ceil(splits.length / room) === 0);
}

/**
 * Puts the charts into `parent`, with their summaries in sight or only for those who listen. Returns `{draw(ink), renew()}`: the first
 * draws them for a theme, the second takes in what `make` and `summary` (a text, or a function) say now.
 */
export function showCharts(parent, charts, hasSummaries) {
  const figures = charts.map((chart) => {
    const place = element("div", { class: "plot", role: "img" });
    const words = element("p");
    parent.append(element("figure", {}, element("figcaption", {}, element("h3", {}, chart.title), words), place));
    return { chart, place, words };
  });
  let current = [];
  let drawnWith;
  const say = () => figures.forEach(({ chart, place, words }) => {
    const summary = typeof chart.summary === "function" ? chart.summary() : chart.summary;
    place.setAttribute("aria-label", `${chart.title}. ${summary}`);
    words.textContent = hasSummaries ? `${summary} ${chart.note}` : chart.note;
  });
  const draw = (ink) => {
    drawnWith = ink;
    current.forEach((plot) => plot.destroy());
    current = figures.map(({ chart, place }) => plotOf(chart.make(ink), place, ink));
  };
  const renew = () => {
    say();
    current.forEach((plot, i) => plot.setData(figures[i].chart.make(drawnWith).data));
  };
  say();
  new ResizeObserver(() => {
    current.forEach((plot, i) => {
      const width = figures[i].place.clientWidth;
      if (width > 0 && width !== plot.width) {
        plot.setSize({ width, height: HEIGHT });
      }
    });
  }).observe(parent);
  return { draw, renew };
}

function plotOf({ data, x, y, series }, place, ink) {
  const axis = { stroke: ink.muted, font: ink.smallFont, grid: { stroke: ink.grid, width: 1 }, ticks: { stroke: ink.grid, width: 1, size: 4 } };
  return new uPlot({
    width: Math.max(200, place.clientWidth),
    height: HEIGHT,
    padding: [8, 20, 0, 0],
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    legend: { live: true },
    scales: { x: { time: false, distr: x.distr ?? 1, range: x.range }, y: { range: (self, min, max) => [0, (max || 1) * 1.08] } },
    axes: [
      { ...axis, filter: (self, splits) => splits, splits: x.splits, values: (self, splits) => splits.map((value) => x.text(value)) },
      {
        ...axis,
        size: (self, values) => 14 + Math.max(24, ...(values ?? []).map((text) => text.length * 7)),
        values: (self, splits) => splits.map((value) => (y.whole && value % 1 !== 0 ? "" : y.text(value))),
      },
    ],
    series: [
      { label: "at", value: (self, value) => (value === null || value === undefined ? "" : x.text(value)) },
      ...series.map((line) => ({ points: { show: false }, width: 1.5, value: (self, value) => (value === null || value === undefined ? "" : y.text(value)), ...line })),
    ],
  }, data, place);
}
