// What the page says of a run, out of what the server sends: values in, values out.
//
// A state is `{status, groups, sample}`: `status` is what `plait status --json` prints, `groups` has the words for its groups.

import { formatCount, formatDuration, formatRate, formatShare } from "../page/format.mjs";

const PER_SECOND = 1e6;  // microseconds

/** Rates are means of at least this long, in seconds, or single results would make the line jump. */
const RATE_WINDOW = 2;

/** The samples of a run, as columns: times in microseconds. */
export class Course {
  constructor() {
    this.samples = [];
  }

  replace(samples) {
    this.samples = samples.slice();
  }

  /** Adds a sample, unless it is known. */
  push(sample) {
    if (sample && !(sample[0] <= this.samples.at(-1)?.[0])) {
      this.samples.push(sample);
    }
  }

  get times() {
    return this.samples.map(([at]) => at * PER_SECOND);
  }

  column(n) {
    return this.samples.map((sample) => sample[n]);
  }

  /** Results per second up to each sample; null where nothing came before it. */
  get rates() {
    let from = 0;
    return this.samples.map(([at, done], i) => {
      while (from + 1 < i && at - this.samples[from + 1][0] >= RATE_WINDOW) {
        from += 1;
      }
      const [since, doneThen] = this.samples[from];
      return at > since ? Math.max(0, done - doneThen) / (at - since) : null;
    });
  }
}

/** How the run stands: `running`, `paused`, `stopping`, `finished`, `stopped`, or `lost` when nothing is heard of it. */
export function phaseOf(state, isConnected) {
  if (!state) {
    return "unknown";
  }
  const { report, is_running: isRunning } = state.status;
  if (!isRunning) {
    return report.has_ended && !report.stopped ? "finished" : "stopped";
  }
  if (!isConnected) {
    return "lost";
  }
  return report.is_stopping ? "stopping" : report.is_paused ? "paused" : "running";
}

const clockOf = (date) => new Date(date).toLocaleTimeString("en-GB");

/** `[word, sentence]` for the line below the title. */
export function stateInWords(state, phase) {
  if (phase === "unknown") {
    return ["", ""];
  }
  const { report, why_waiting: why } = state.status;
  const inFlight = `${formatCount(report.in_flight)} ${report.in_flight === 1 ? "call is" : "calls are"} in flight`;
  switch (phase) {
    case "running":
      return why ? ["Running:", why] : ["Running", ""];
    case "paused":
      return ["Paused.", `Nothing is sent until you resume. ${inFlight}; deadlines keep running.`];
    case "stopping":
      return ["Stopping.", `Nothing more is sent. ${inFlight}.`];
    case "finished":
      return ["Finished", `at ${clockOf(report.last_heard)}, after ${formatDuration(ageOf(report))}.`];
    case "stopped":
      return ["Stopped", `at ${clockOf(report.last_heard)}: ${report.stopped || "unknown"}.`];
    default:
      return ["Connection lost.", `Last update at ${clockOf(report.last_heard)}. The run may have ended; trying again.`];
  }
}

const ageOf = (report) => (new Date(report.last_heard) - new Date(report.began)) * 1000;

/** The share of results that are there, from 0 to 1; undefined if the total is not known. */
export function shareOf({ total, done }) {
  return total > 0 && total >= done ? done / total : undefined;
}

export function titleInWords(report) {
  const share = shareOf(report);
  if (share === undefined) {
    return `${formatCount(report.done)} results`;
  }
  // As in the terminal: 100 % is all of them.
  return `${formatCount(report.done)} of ${formatCount(report.total)} (${Math.floor(share * 100)}\u00a0%)`;
}

/** For the tab, where the first characters count. */
export function tabInWords(report, phase, name) {
  const share = shareOf(report);
  const how = phase === "running" ? (share === undefined ? formatCount(report.done) : `${Math.floor(share * 100)}\u00a0%`) : phase;
  return `${how} · ${name.split("/").at(-1)} · plait`;
}

/** `[{value, label}]`, as many all the time, so that nothing moves. `limit`: of the calls in flight, or null. */
export function figuresOf({ status }, limit) {
  const { report, seconds_left: left, is_running: isRunning } = status;
  const notOk = report.done - report.outcomes.ok;
  const rate = isRunning ? report.lately_per_second : report.per_second;
  return [
    { value: formatRate(rate), label: isRunning ? "results per second, lately" : "results per second" },
    { value: formatCount(report.in_flight), label: limit > 0 ? `in flight of at most ${formatCount(limit)}` : "in flight" },
    { value: left === null ? "–" : formatDuration(left * PER_SECOND), label: "time left" },
    { value: report.latency ? formatDuration(report.latency.p50_s * PER_SECOND) : "–", label: "median latency" },
    { value: report.latency ? formatDuration(report.latency.p99_s * PER_SECOND) : "–", label: "99th percentile" },
    { value: formatCount(report.retries), label: `${report.retries === 1 ? "retry" : "retries"}, ${formatCount(report.refusals)} refused` },
    { value: formatCount(notOk), label: "not ok" },
  ];
}

/** The latencies of calls as steps: `{edges, counts}`, in microseconds, without gaps. */
export function latencySteps(latency) {
  const edges = [];
  const counts = [];
  for (const bin of latency?.bins ?? []) {
    // A range of 0 µs has no place on a logarithmic axis.
    const from = Math.max(1, bin.from_s * PER_SECOND);
    if (edges.length > 0 && edges.at(-1) < from * (1 - 1e-9)) {
      edges.push(from);
      counts.push(0);
    }
    if (edges.length === 0) {
      edges.push(from);
    }
    edges.push(bin.up_to_s * PER_SECOND);
    counts.push(bin.calls);
  }
  return { edges, counts };
}

/** Rows for the table of outcomes: `{cells, part}`. */
export function outcomeRows({ outcomes, done }) {
  const counted = Object.entries(outcomes).filter(([name, count]) => count > 0 || name === "ok");
  return counted.map(([name, count]) => ({
    cells: [name, formatCount(count), done > 0 ? formatShare(count / done) : ""],
    part: done > 0 ? count / done : 0,
  }));
}

export function errorRows({ errors }) {
  const most = Math.max(1, ...errors.map(({ calls }) => calls));
  return errors.map((error) => ({
    cells: [
      error.kind,
      formatCount(error.calls),
      clockOf(error.at),
      error.custom_id + (error.line > 0 ? ` (line ${error.line})` : ""),
      // Most messages begin with the request.
      error.message.startsWith(error.request) ? error.message : [error.request, error.message].filter(Boolean).join(" → "),
    ],
    part: error.calls / most,
  }));
}

export function groupRows({ status, groups }) {
  return status.report.groups.map((group, i) => ({
    cells: [
      group.name + (group.http_version === "2" ? " (HTTP/2)" : ""),
      formatCount(group.in_flight) + (group.concurrency > 0 ? ` of ${formatCount(group.concurrency)}` : ""),
      formatCount(group.waiting),
      groups[i]?.limit_change ?? "",
      status.report.is_paused || status.report.is_stopping ? "" : groups[i]?.why_waiting ?? "",
    ],
  }));
}

/** The limits, given and learnt: sentences. */
export function limitsInWords({ status, groups }) {
  const { report } = status;
  const unit = { 1: "s", 60: "m", 3600: "h", 86400: "d" };
  const given = report.limits.map(({ unit: of, amount, window_s: window }) =>
    `${of}=${amount}/${unit[window] ?? `${window} s`}, configured`);
  const learnt = groups.flatMap(({ name, limits }) => limits.map((limit) => (groups.length > 1 ? `${name}: ${limit}` : limit)));
  const more = report.group_count > groups.length ? [`And ${formatCount(report.group_count - groups.length)} more groups.`] : [];
  return [...given, ...learnt, ...more];
}

const amountOf = (number) => String(Number(number.toPrecision(6)));

export function costRows({ costs }) {
  return costs.map(({ unit, spent, budget }) => ({
    cells: [unit, amountOf(spent), budget === null ? "" : amountOf(budget), budget > 0 ? formatShare(spent / budget) : ""],
    part: budget > 0 ? Math.min(1, spent / budget) : 0,
  }));
}

export function workerRows({ workers }) {
  return workers.map((worker) => ({
    cells: [
      worker.host,
      worker.lost_at ? `lost at ${clockOf(worker.lost_at)} with ${formatCount(worker.lost_calls)} in flight` : worker.is_leaving ? "is leaving" : "",
      `${formatCount(worker.in_flight)} of ${formatCount(worker.slots)}`,
      formatCount(worker.calls),
      worker.version,
    ],
  }));
}
