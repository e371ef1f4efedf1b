// The data of the page: bytes to columns. page.cpp writes what is read here, in the same order.
//
// A timeline's calls are columns (typed arrays) in the order of their begins; times are in microseconds since its start.

import { ACTIVITIES, IDLE } from "./activities.mjs";

const LAYOUT_VERSION = 2;
const TENTHS = 10;

/** For cells in which there is no call. */
export const NOBODY = 0xffffffff;

export function bytesOfBase64(text) {
  if (Uint8Array.fromBase64) {
    return Uint8Array.fromBase64(text);
  }
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; ++i) {
    bytes[i] = binary.charCodeAt(i);
  }
  return bytes;
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  number() {
    let byte = this.bytes[this.at++];
    let value = byte & 0x7f;
    // Multiplied and not shifted: times go beyond 32 bits.
    for (let scale = 0x80; byte & 0x80; scale *= 0x80) {
      if (this.at >= this.bytes.length) {
        throw new Error("the data of this page is truncated");
      }
      byte = this.bytes[this.at++];
      value += (byte & 0x7f) * scale;
    }
    return value;
  }

  difference() {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  skipText() {
    const length = this.number();
    this.at += length;
    return length;
  }

  text() {
    const length = this.skipText();
    return decodeText(this.bytes, this.at - length, length);
  }

  list(read) {
    return Array.from({ length: this.number() }, () => read(this));
  }
}

const decoder = new TextDecoder();

function decodeText(bytes, at, length) {
  return decoder.decode(bytes.subarray(at, at + length));
}

/** Returns `{comparison, timelines}`; `comparison` is text. */
export function decode(bytes) {
  const reader = new Reader(bytes);
  if (reader.number() !== LAYOUT_VERSION) {
    throw new Error("the data of this page has another layout than its script");
  }
  const names = reader.list(() => reader.text());
  if (names.join() !== ACTIVITIES.map((activity) => activity.name).join()) {
    throw new Error("the data of this page names other activities than its script");
  }
  return { comparison: reader.text(), timelines: reader.list(() => readTimeline(reader)) };
}

function readTimeline(reader) {
  const timeline = {
    command: reader.text(),
    method: reader.text(),
    started: reader.text(),
    concurrency: reader.number(),
    length: reader.number() / TENTHS,
    isCut: reader.number() !== 0,
    oneIn: reader.number(),
    lanes: reader.list(() => ({ name: reader.text(), kind: reader.text() })),
    outcomes: reader.list(() => ({ name: reader.text(), count: reader.number() })),
    limits: reader.list(() => reader.text()),
    versions: reader.text(),
    origins: reader.list(() => reader.text()),
  };
  readCalls(reader, timeline);
  readLoops(reader, timeline);
  giveRows(timeline);
  return timeline;
}

function readCalls(reader, timeline) {
  timeline.results = reader.list(() => reader.text());
  const count = reader.number();
  const segments = reader.number();
  const calls = {
    count,
    begin: new Float64Array(count),
    length: new Float64Array(count),
    lane: new Uint32Array(count),
    row: new Uint32Array(count),
    line: new Float64Array(count),
    attempt: new Uint32Array(count),
    standsFor: new Uint32Array(count),
    origin: new Uint32Array(count),
    connection: new Float64Array(count),
    result: new Uint32Array(count),
    ok: new Uint8Array(count),
    nameAt: new Uint32Array(count),
    nameLength: new Uint32Array(count),
    firstSegment: new Uint32Array(count + 1),
    segmentActivity: new Uint8Array(segments),
    segmentLength: new Float64Array(segments),
  };
  let begin = 0;
  let line = 0;
  let segment = 0;
  for (let i = 0; i < count; ++i) {
    begin += reader.difference();
    calls.begin[i] = begin / TENTHS;
    calls.length[i] = reader.number() / TENTHS;
    calls.lane[i] = reader.number();
    calls.row[i] = reader.number();
    line += reader.difference();
    calls.line[i] = line;
    calls.attempt[i] = reader.number();
    calls.standsFor[i] = reader.number();
    calls.origin[i] = reader.number();
    calls.connection[i] = reader.number();
    const result = reader.number();
    calls.result[i] = result >> 1;
    calls.ok[i] = result & 1;
    calls.nameLength[i] = reader.skipText();
    calls.nameAt[i] = reader.at - calls.nameLength[i];
    calls.firstSegment[i] = segment;
    for (let left = reader.number(); left > 0; --left) {
      const value = reader.number();
      calls.segmentActivity[segment] = value % 16;
      calls.segmentLength[segment] = Math.floor(value / 16) / TENTHS;
      ++segment;
    }
  }
  calls.firstSegment[count] = segment;
  // Names are decoded when somebody looks at them.
  calls.name = (i) => decodeText(reader.bytes, calls.nameAt[i], calls.nameLength[i]);
  timeline.calls = calls;
}

function readLoops(reader, timeline) {
  const runs = reader.number();
  const loopRuns = { count: runs, lane: new Uint32Array(runs), begin: new Float64Array(runs), length: new Float64Array(runs) };
  let time = 0;
  for (let i = 0; i < runs; ++i) {
    loopRuns.lane[i] = reader.number();
    time += reader.difference();
    loopRuns.begin[i] = time / TENTHS;
    loopRuns.length[i] = reader.number() / TENTHS;
  }
  const counts = reader.number();
  const loopCounts = {
    count: counts,
    lane: new Uint32Array(counts),
    when: new Float64Array(counts),
    ready: new Float64Array(counts),
    waiting: new Float64Array(counts),
  };
  time = 0;
  for (let i = 0; i < counts; ++i) {
    loopCounts.lane[i] = reader.number();
    time += reader.difference();
    loopCounts.when[i] = time / TENTHS;
    loopCounts.ready[i] = reader.number();
    loopCounts.waiting[i] = reader.number();
  }
  Object.assign(timeline, { loopRuns, loopCounts });
}

// Rows are numbered through a timeline, without gaps: a lane has `firstRow` and `rows`, and a call's row counts from the
// timeline's first.
function giveRows(timeline) {
  const { calls, lanes } = timeline;
  const used = lanes.map(() => new Set());
  for (let i = 0; i < calls.count; ++i) {
    used[calls.lane[i]].add(calls.row[i]);
  }
  let next = 0;
  const places = used.map((rows, lane) => {
    const sorted = Array.from(rows).sort((a, b) => a - b);
    lanes[lane].firstRow = next;
    lanes[lane].rows = Math.max(1, sorted.length);
    const place = new Map(sorted.map((row, at) => [row, next + at]));
    next += lanes[lane].rows;
    return place;
  });
  for (let i = 0; i < calls.count; ++i) {
    calls.row[i] = places[calls.lane[i]].get(calls.row[i]);
  }
  timeline.rows = next;
}

/**
 * What stands in each row of a timeline from its start to its end, idle time too: cells without gaps. The cells of row r are
 * `first[r]` to `first[r + 1]`; each lasts from its `begin` to that of the next cell, and a last one marks the end of the row.
 */
export function cellsOf(timeline) {
  const { calls, rows, length } = timeline;
  const byRow = orderByRow(calls, rows);
  const most = calls.segmentActivity.length + calls.count + 2 * rows;
  const cells = {
    rows,
    length,
    first: new Uint32Array(rows + 1),
    begin: new Float64Array(most),
    activity: new Uint8Array(most),
    call: new Uint32Array(most),
  };
  let cell = 0;
  let at = 0;
  const put = (begin, activity, call) => {
    cells.begin[cell] = begin;
    cells.activity[cell] = activity;
    cells.call[cell] = call;
    ++cell;
  };
  for (let row = 0; row < rows; ++row) {
    cells.first[row] = cell;
    let cursor = 0;
    for (; at < byRow.length && calls.row[byRow[at]] === row; ++at) {
      const call = byRow[at];
      let begin = calls.begin[call];
      if (begin > cursor) {
        put(cursor, IDLE, NOBODY);
        cursor = begin;
      }
      for (let segment = calls.firstSegment[call]; segment < calls.firstSegment[call + 1]; ++segment) {
        const end = begin + calls.segmentLength[segment];
        // Calls of a row do not overlap; if a file says otherwise, the earlier one is what is seen.
        if (end > cursor) {
          put(cursor, calls.segmentActivity[segment], call);
          cursor = end;
        }
        begin = end;
      }
    }
    if (cursor < length) {
      put(cursor, IDLE, NOBODY);
      cursor = length;
    }
    put(cursor, IDLE, NOBODY);
  }
  cells.first[rows] = cell;
  return cells;
}

function orderByRow(calls, rows) {
  const next = new Uint32Array(rows + 1);
  for (let i = 0; i < calls.count; ++i) {
    ++next[calls.row[i] + 1];
  }
  for (let row = 0; row < rows; ++row) {
    next[row + 1] += next[row];
  }
  const order = new Uint32Array(calls.count);
  for (let i = 0; i < calls.count; ++i) {
    order[next[calls.row[i]]++] = i;
  }
  return order;
}

/** Some rows of cells, without a copy: the row `firstRow` becomes the first. */
export function someRows(cells, firstRow, rows) {
  return { ...cells, rows, first: cells.first.subarray(firstRow, firstRow + rows + 1) };
}

/** The cells of one row that is running where `loopRuns` say that the loop of `lane` ran. */
export function loopCellsOf(timeline, lane, runningActivity) {
  const { loopRuns, length } = timeline;
  const cells = { rows: 1, length, first: null, begin: [], activity: [], call: null };
  let cursor = 0;
  for (let i = 0; i < loopRuns.count; ++i) {
    if (loopRuns.lane[i] !== lane || loopRuns.begin[i] + loopRuns.length[i] <= cursor) {
      continue;
    }
    if (loopRuns.begin[i] > cursor) {
      cells.begin.push(cursor);
      cells.activity.push(IDLE);
      cursor = loopRuns.begin[i];
    }
    cells.begin.push(cursor);
    cells.activity.push(runningActivity);
    cursor = loopRuns.begin[i] + loopRuns.length[i];
  }
  if (cursor < length) {
    cells.begin.push(cursor);
    cells.activity.push(IDLE);
  }
  cells.begin.push(Math.max(cursor, length));
  cells.activity.push(IDLE);
  cells.begin = Float64Array.from(cells.begin);
  cells.activity = Uint8Array.from(cells.activity);
  cells.call = new Uint32Array(cells.begin.length).fill(NOBODY);
  cells.first = Uint32Array.from([0, cells.begin.length]);
  return cells;
}

/** The last cell of the range [from, to) that begins at `time` or before; `from` if none does. */
export function cellAt(begin, from, to, time) {
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (begin[middle] <= time) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

/**
 * The line of a loop: each stretch in which a call of the lane ran, in the order in which the loop ran them.
 * Returns columns `begin`, `end`, `row`.
 */
export function loopLineOf(timeline, lane, runningActivity) {
  const { calls, length } = timeline;
  const [begins, ends, rows] = [[], [], []];
  for (let call = 0; call < calls.count; ++call) {
    if (calls.lane[call] !== lane) {
      continue;
    }
    let begin = calls.begin[call];
    for (let segment = calls.firstSegment[call]; segment < calls.firstSegment[call + 1]; ++segment) {
      const end = begin + calls.segmentLength[segment];
      if (calls.segmentActivity[segment] === runningActivity && end > begin) {
        begins.push(begin);
        ends.push(end);
        rows.push(calls.row[call]);
      }
      begin = end;
    }
  }
  const order = orderOf(begins, length);
  const pick = (Type, values) => Type.from(order, (at) => values[at]);
  return { count: order.length, begin: pick(Float64Array, begins), end: pick(Float64Array, ends), row: pick(Uint32Array, rows) };
}

/** The places of `times` (0 to `length`) in rising order. Counts into buckets first: half a million take some milliseconds. */
export function orderOf(times, length) {
  const buckets = Math.max(1, times.length);
  const bucketOf = (time) => Math.min(buckets - 1, Math.max(0, Math.floor((time / (length || 1)) * buckets)));
  const next = new Uint32Array(buckets + 1);
  for (const time of times) {
    ++next[bucketOf(time) + 1];
  }
  for (let i = 0; i < buckets; ++i) {
    next[i + 1] += next[i];
  }
  const order = new Uint32Array(times.length);
  for (let i = 0; i < times.length; ++i) {
    order[next[bucketOf(times[i])]++] = i;
  }
  // Within a bucket few are left, and those nearly in order.
  let first = 0;
  for (let i = 0; i < buckets; ++i) {
    sortByTime(order, first, next[i], times);
    first = next[i];
  }
  return order;
}

function sortByTime(order, from, to, times) {
  if (to - from > 32) {
    order.subarray(from, to).sort((a, b) => times[a] - times[b] || a - b);
    return;
  }
  for (let i = from + 1; i < to; ++i) {
    const moved = order[i];
    let at = i;
    for (; at > from && times[order[at - 1]] > times[moved]; --at) {
      order[at] = order[at - 1];
    }
    order[at] = moved;
  }
}

/** The phases of a call, as `{activity, begin, length}` with begins since the start of the timeline. */
export function phasesOf(calls, call) {
  const phases = [];
  let begin = calls.begin[call];
  for (let segment = calls.firstSegment[call]; segment < calls.firstSegment[call + 1]; ++segment) {
    phases.push({ activity: calls.segmentActivity[segment], begin, length: calls.segmentLength[segment] });
    begin += calls.segmentLength[segment];
  }
  return phases;
}
