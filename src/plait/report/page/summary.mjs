// Figures of a timeline: values in, values out.

import { ACTIVITIES, READY, RUNNING } from "./activities.mjs";

const METHODS = {
  sync: { title: "sync", switches: "nobody" },
  threads: { title: "threads", switches: "the operating system" },
  async: { title: "async", switches: "the tasks themselves, at each await" },
  processes: { title: "processes", switches: "the operating system" },
};

/** How a timeline is called where several stand side by side. */
export function titleOf(timeline) {
  return timeline.method || timeline.command || "run";
}

/** Who decides when to switch, or "". */
export function switchesOf(method) {
  return METHODS[method]?.switches ?? "";
}

/** `call`, or `job` for what has no result that a third party gave. */
export function nounOf(timelines) {
  const calls = timelines.some((timeline) => timeline.calls.count === 0 || timeline.results.some((result) => result !== ""));
  return calls || timelines.length === 0 ? "call" : "job";
}

/** The key figures: `{calls, length, rate, p50, p99, waiting, shares}`; times in microseconds, `shares` by activity. */
export function figuresOf(timeline) {
  const { calls } = timeline;
  const shares = new Float64Array(ACTIVITIES.length);
  let count = 0;
  for (let call = 0; call < calls.count; ++call) {
    count += calls.standsFor[call];
    for (let segment = calls.firstSegment[call]; segment < calls.firstSegment[call + 1]; ++segment) {
      shares[calls.segmentActivity[segment]] += calls.segmentLength[segment] * calls.standsFor[call];
    }
  }
  const total = shares.reduce((sum, share) => sum + share, 0);
  for (let activity = 0; activity < shares.length; ++activity) {
    shares[activity] /= total || 1;
  }
  const sorted = sortedLatencies(calls);
  return {
    calls: count,
    length: timeline.length,
    rate: timeline.length > 0 ? count / (timeline.length / 1e6) : NaN,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    waiting: total > 0 ? 1 - shares[RUNNING] - shares[READY] : NaN,
    shares,
  };
}

// Latencies with the number of calls that each stands for, by their lengths.
function sortedLatencies(calls) {
  const order = Uint32Array.from({ length: calls.count }, (_, i) => i);
  if (calls.standsFor.every((weight) => weight === 1)) {
    return { lengths: Float64Array.from(calls.length).sort(), weights: null, total: calls.count };
  }
  order.sort((a, b) => calls.length[a] - calls.length[b]);
  const weights = Float64Array.from(order, (i) => calls.standsFor[i]);
  return { lengths: Float64Array.from(order, (i) => calls.length[i]), weights, total: weights.reduce((sum, w) => sum + w, 0) };
}

function quantile({ lengths, weights, total }, share) {
  if (lengths.length === 0) {
    return NaN;
  }
  if (!weights) {
    return lengths[Math.max(0, Math.ceil(share * total) - 1)];
  }
  let sum = 0;
  for (let i = 0; i < lengths.length; ++i) {
    sum += weights[i];
    if (sum >= share * total) {
      return lengths[i];
    }
  }
  return lengths.at(-1);
}

/** Bins of equal ratio around all latencies: their edges, in microseconds, and for each timeline how many calls are in each. */
export function latencyHistogram(timelines, most = 60) {
  let [least, longest] = [Infinity, 0];
  for (const { calls } of timelines) {
    for (const length of calls.length) {
      if (length > 0) {
        least = Math.min(least, length);
        longest = Math.max(longest, length);
      }
    }
  }
  if (longest === 0) {
    return { edges: [], counts: [] };
  }
  // Bins of 2 % at least: a narrow distribution is not blown up into noise. A little air on both sides.
  const ratio = Math.max(1.02, (longest / least) ** (1 / (most - 4)));
  const first = least / ratio ** 2;
  const bins = Math.ceil(Math.log(longest / first) / Math.log(ratio)) + 2;
  const edges = Array.from({ length: bins + 1 }, (_, i) => first * ratio ** i);
  const counts = timelines.map(({ calls }) => {
    const bin = new Float64Array(bins);
    for (let call = 0; call < calls.count; ++call) {
      const at = Math.floor(Math.log(Math.max(calls.length[call], first) / first) / Math.log(ratio));
      bin[Math.min(bins - 1, Math.max(0, at))] += calls.standsFor[call];
    }
    return bin;
  });
  return { edges, counts };
}

/**
 * Calls ended per second over time: `{interval, times, rates}`. All timelines are counted at the same `times`, the beginnings of
 * intervals of one length; but a longer one in groups of these, so that each has `most` steps or about so many. A rate is null
 * after its timeline's end.
 */
export function throughput(timelines, interval, most) {
  const length = Math.max(...timelines.map((timeline) => timeline.length));
  // One more: the line of the last interval ends there.
  const bins = Math.max(1, Math.ceil(length / interval)) + 1;
  const times = Array.from({ length: bins }, (_, i) => i * interval);
  const rates = timelines.map((timeline) => {
    const together = Math.max(1, Math.round(timeline.length / interval / most));
    const span = together * interval;
    const { calls } = timeline;
    const ended = new Float64Array(Math.max(1, Math.ceil(timeline.length / span)));
    for (let call = 0; call < calls.count; ++call) {
      ended[Math.min(ended.length - 1, Math.floor((calls.begin[call] + calls.length[call]) / span))] += calls.standsFor[call];
    }
    return times.map((time, i) => {
      if (time >= timeline.length) {
        return i > 0 && times[i - 1] < timeline.length ? 0 : null;
      }
      const group = Math.floor(i / together);
      // The run may end within its last interval. Divide by at least a quarter of one, or a few calls look like a
      // huge rate.
      return ended[group] / (Math.min(span, Math.max(timeline.length - group * span, span / 4)) / 1e6);
    });
  });
  return { interval, times, rates };
}

/** The calls that took longest, longest first: `{timeline, call, length}`. */
export function slowest(timelines, most) {
  const found = [];
  timelines.forEach(({ calls }, timeline) => {
    for (let call = 0; call < calls.count; ++call) {
      const length = calls.length[call];
      if (found.length < most || length > found.at(-1).length) {
        let at = found.length;
        while (at > 0 && found[at - 1].length < length) {
          --at;
        }
        found.splice(at, 0, { timeline, call, length });
        found.length = Math.min(found.length, most);
      }
    }
  });
  return found;
}

/** What most of a call's time went to: an activity. */
export function mainActivity(calls, call) {
  const sums = new Float64Array(ACTIVITIES.length);
  for (let segment = calls.firstSegment[call]; segment < calls.firstSegment[call + 1]; ++segment) {
    sums[calls.segmentActivity[segment]] += calls.segmentLength[segment];
  }
  return sums.indexOf(Math.max(...sums));
}

/**
 * At most `most` points of a list of counts over time that keep its peaks: of each stretch, the points with the least and the most
 * ready and waiting. Returns the places that are kept.
 */
export function thinnedCounts(counts, places, most) {
  if (places.length <= most) {
    return places;
  }
  const each = Math.ceil((places.length * 4) / most);
  const kept = [];
  for (let from = 0; from < places.length; from += each) {
    const stretch = places.slice(from, from + each);
    const extreme = (column, sign) => stretch.reduce((best, i) => (sign * column[i] > sign * column[best] ? i : best));
    const chosen = new Set([stretch[0], extreme(counts.ready, 1), extreme(counts.waiting, 1), extreme(counts.waiting, -1)]);
    kept.push(...Array.from(chosen).sort((a, b) => a - b));
  }
  return kept;
}

/** The comparison's text as an object, or null when it is none. */
export function comparisonOf(text) {
  try {
    const comparison = JSON.parse(text);
    return Array.isArray(comparison?.rows) ? comparison : null;
  } catch {
    return null;
  }
}
