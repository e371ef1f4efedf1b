// What stands around the timeline as text: key figures, the methods side by side, legend, notes, the slowest calls.

import { ACTIVITIES } from "./activities.mjs";
import { element } from "./dom.mjs";
import { formatCount, formatDuration, formatRate, formatShare } from "./format.mjs";
import { mainActivity, slowest, switchesOf, titleOf } from "./summary.mjs";

const SLOWEST = 20;

/** `[{value, label}]` for one timeline. */
export function keyFigures(timeline, figures, noun) {
  const outcomes = timeline.outcomes.filter((outcome) => outcome.name !== "ok");
  const wrong = outcomes.map((outcome) => `${formatCount(outcome.count)} ${outcome.name.replaceAll("_", " ")}`).join(", ");
  return [
    { value: formatCount(figures.calls), label: wrong ? `${noun}s (${wrong})` : `${noun}${figures.calls === 1 ? "" : "s"}` },
    { value: formatDuration(figures.length), label: "wall time" },
    { value: formatRate(figures.rate), label: `${noun}s per second` },
    { value: formatDuration(figures.p50), label: `median of a ${noun}` },
    { value: formatDuration(figures.p99), label: "99th percentile" },
    { value: formatShare(figures.waiting), label: `of the ${noun}s' time was waiting` },
  ].filter(({ value }) => value !== "" && !value.startsWith("NaN"));
}

export function showKeyFigures(parent, figures) {
  parent.replaceChildren(...figures.map(({ value, label }) => element("div", {}, element("dt", {}, label), element("dd", {}, value))));
}

/** Rows for the table of methods, from the comparison if there is one and else from the timelines. */
export function methodRows(timelines, figures, comparison) {
  if (comparison) {
    return comparison.rows.map((row) => ({
      method: row.by && row.by !== "plait" ? `${row.method} (${row.by})` : String(row.method),
      switches: String(row.scheduling ?? row.who_switches ?? ""),
      workers: numberOf(row.workers),
      concurrency: numberOf(row.concurrency),
      length: numberOf(row.seconds) * 1e6,
      speedUp: numberOf(row.speed_up),
      rate: numberOf(row.calls_per_second),
      p50: numberOf(row.p50_ms) * 1e3,
      p99: numberOf(row.p99_ms) * 1e3,
      computing: numberOf(row.cpu_seconds) * 1e6,
      memory: numberOf(row.peak_mib),
      waiting: numberOf(row.waiting_share),
    }));
  }
  const first = timelines.findIndex((timeline) => timeline.method === "sync");
  const base = figures[first < 0 ? 0 : first].length;
  return timelines.map((timeline, i) => ({
    method: titleOf(timeline),
    switches: switchesOf(timeline.method),
    workers: timeline.lanes.length,
    concurrency: timeline.concurrency,
    length: figures[i].length,
    speedUp: base / figures[i].length,
    rate: figures[i].rate,
    p50: figures[i].p50,
    p99: figures[i].p99,
    computing: NaN,
    memory: NaN,
    waiting: figures[i].waiting,
  }));
}

const numberOf = (value) => (typeof value === "number" ? value : NaN);

const number = (value, format) => (Number.isFinite(value) ? format(value) : "");

/** The table of methods; columns in which nothing stands are left out. */
export function showMethods(parent, rows, noun) {
  const fastest = Math.max(...rows.map((row) => row.speedUp).filter(Number.isFinite));
  const columns = [
    ["method", (row) => row.method],
    ["scheduled by", (row) => row.switches],
    ["wall time", (row) => number(row.length, formatDuration)],
    ["speed-up", (row) => number(row.speedUp, (value) => `${formatRate(value)}\u00a0×`), "speed-up"],
    ["workers", (row) => number(row.workers, formatCount)],
    ["in flight", (row) => number(row.concurrency, formatCount)],
    [`${noun}s/s`, (row) => number(row.rate, formatRate)],
    ["p50", (row) => number(row.p50, formatDuration)],
    ["p99", (row) => number(row.p99, formatDuration)],
    ["CPU time", (row) => number(row.computing, formatDuration)],
    ["peak memory", (row) => number(row.memory, (value) => `${formatRate(value)}\u00a0MiB`)],
    ["waiting", (row) => number(row.waiting, formatShare)],
  ].filter(([, text]) => rows.some((row) => text(row) !== ""));
  parent.append(
    element("thead", {}, element("tr", {}, ...columns.map(([title], i) => element("th", { scope: "col", class: i < 2 ? "text" : undefined }, title)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...columns.map(([, text, kind], i) => {
      const cell = element(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : undefined, class: i < 2 ? "text" : kind }, text(row));
      if (kind === "speed-up" && Number.isFinite(row.speedUp)) {
        cell.style.setProperty("--part", `${Math.max(0.5, (row.speedUp / fastest) * 100)}%`);
      }
      return cell;
    })))));
}

/** The activities that occur, with their share of all calls' time. */
export function showLegend(parent, figures) {
  const shares = ACTIVITIES.map((_, activity) => figures.map(({ shares: of }) => of[activity]));
  const total = (activity) => shares[activity].reduce((sum, share) => sum + share, 0) / figures.length;
  const used = ACTIVITIES.map((_, activity) => activity).filter((activity) => total(activity) > 0);
  used.sort((a, b) => (a === 0 ? -1 : b === 0 ? 1 : total(b) - total(a)));
  parent.replaceChildren(...used.map((activity) => element("li", { title: `${ACTIVITIES[activity].name}: ${ACTIVITIES[activity].says}` },
    element("i", { class: `swatch activity-${activity}` }), ACTIVITIES[activity].name,
    figures.length === 1 ? element("span", { class: "share" }, formatShare(total(activity))) : undefined)));
}

/** What a reader must know of the run and of how the data came to be: sentences. */
export function notesOf(timelines, noun) {
  const of = (timeline) => (timelines.length > 1 ? `${titleOf(timeline)}: ` : "");
  return timelines.flatMap((timeline) => [
    timeline.versions ? `${of(timeline)}${timeline.versions}.` : undefined,
    ...(timeline.limits ?? []).map((limit) => `${of(timeline)}at the end, ${limit}.`),
    timeline.isCut
      ? `${of(timeline)}the trace ends before the run did, because the program was killed. The page shows all up to the last whole record.`
      : undefined,
    timeline.oneIn > 1
      ? `${of(timeline)}the trace was thinned: at the densest, one ${noun} in ${formatCount(timeline.oneIn)} was recorded. ` +
        `Figures and charts count each as that many; the timeline shows only the recorded ones.`
      : undefined,
  ]).filter(Boolean).map((note) => note[0].toUpperCase() + note.slice(1));
}

/** The slowest calls; `onChosen({timeline, call})` when one is clicked. */
export function showSlowest(parent, timelines, noun, onChosen) {
  const found = slowest(timelines, SLOWEST);
  const longest = found[0]?.length ?? 1;
  const several = timelines.length > 1;
  const rows = found.map(({ timeline: at, call, length }) => {
    const timeline = timelines[at];
    const { calls } = timeline;
    const result = timeline.results[calls.result[call]];
    const main = mainActivity(calls, call);
    const choose = () => onChosen({ timeline: at, call });
    return element("tr", {},
      element("td", { class: "text name" }, element("button", { type: "button", class: "link", onclick: choose }, calls.name(call) || "(no name)")),
      several ? element("td", { class: "text" }, titleOf(timeline)) : undefined,
      element("td", { class: "length", style: { "--part": `${(length / longest) * 100}%` } }, formatDuration(length)),
      element("td", { class: "text" }, element("i", { class: `swatch activity-${main}` }), ACTIVITIES[main]?.name ?? ""),
      element("td", { class: calls.ok[call] ? "text" : "text bad" }, result),
      element("td", {}, formatDuration(calls.begin[call])),
      element("td", {}, calls.line[call] > 0 ? String(calls.line[call]) : ""));
  });
  const titles = [[noun, "text"], ...(several ? [["method", "text"]] : []), ["took"], ["mostly", "text"], ["result", "text"], ["began"], ["line"]];
  parent.append(element("thead", {}, element("tr", {}, ...titles.map(([title, kind]) => element("th", { scope: "col", class: kind }, title)))),
    element("tbody", {}, ...rows));
}
