// Many cells, few pixels: what a pixel of a row shows.
//
// A pixel has three values: `wait`, what its calls mostly wait for (or IDLE); `cover`, which share of it is inside of calls
// (0 to 255); and `run`, which share of it is running, as a square root (0 to 255), so that a thousandth can still be seen.
//
// From afar the values come from planes: the whole timeline in 2^k bins for each row, and the same for pairs of rows, for fours,
// and so on. The plane is taken whose bins are just finer than the pixels, so that a frame costs as much as it has pixels, however
// many calls there are. From near, when even the finest bins are wider than a pixel, each row's cells are walked; a pixel looks at
// no more than a few of them.

import { ACTIVITIES, IDLE, RUNNING } from "./activities.mjs";
import { cellAt } from "./data.mjs";

const MOST_BINS = 1 << 21;
const MOST_CELLS_A_PIXEL = 24;
const LEAST_OF_A_CALL = 3;

/** Three bytes for each pixel of a line. */
export function makeLine(width) {
  return { wait: new Uint8Array(width), cover: new Uint8Array(width), run: new Uint8Array(width) };
}

function makePlane(rows, bins) {
  return { rows, bins, ...makeLine(rows * bins) };
}

/** The planes of a block of rows. They are made when they are first asked for. */
export class Density {
  constructor(cells) {
    this.cells = cells;
    const each = (cells.first[cells.rows] - cells.first[0]) / Math.max(1, cells.rows);
    let bins = 16;
    while (bins < 2 * each && bins * 2 * cells.rows <= MOST_BINS) {
      bins *= 2;
    }
    this.bins = bins;
    this.planes = new Map();
  }

  /** Rows in groups of 2^rowLevel; bins 2^timeLevel times wider than the finest. */
  plane(rowLevel, timeLevel) {
    const key = rowLevel * 64 + timeLevel;
    let plane = this.planes.get(key);
    if (!plane) {
      plane = rowLevel === 0 && timeLevel === 0 ? finestPlane(this.cells, this.bins)
        : timeLevel > 0 ? halvedBins(this.plane(rowLevel, timeLevel - 1))
          : halvedRows(this.plane(rowLevel - 1, 0));
      this.planes.set(key, plane);
    }
    return plane;
  }

  /**
   * Fills `line` for the rows [group * 2^rowLevel, (group + 1) * 2^rowLevel), whose first pixel begins at `begin` and each of
   * whose pixels is `perPixel` long.
   */
  paint(line, group, rowLevel, begin, perPixel) {
    const finest = this.cells.length / this.bins;
    if (finest > perPixel) {
      this.paintNear(line, group, rowLevel, begin, perPixel);
      return;
    }
    const timeLevel = Math.min(Math.log2(this.bins) | 0, Math.max(0, Math.floor(Math.log2(perPixel / finest))));
    paintFar(line, this.plane(rowLevel, timeLevel), group, begin / this.cells.length, perPixel / this.cells.length);
  }

  paintNear(line, group, rowLevel, begin, perPixel) {
    const from = group << rowLevel;
    const to = Math.min(this.cells.rows, (group + 1) << rowLevel);
    line.wait.fill(IDLE);
    line.cover.fill(0);
    line.run.fill(0);
    const weight = Math.floor(255 / (to - from));
    for (let row = from; row < to; ++row) {
      addCells(line, this.cells, row, begin, perPixel, weight);
    }
  }
}

function squareRootByte(share) {
  return share <= 0 ? 0 : Math.max(1, Math.min(255, Math.round(Math.sqrt(share) * 255)));
}

function finestPlane(cells, bins) {
  const plane = makePlane(cells.rows, bins);
  plane.wait.fill(IDLE);
  const width = cells.length / bins || 1;
  for (let row = 0; row < cells.rows; ++row) {
    const last = cells.first[row + 1] - 1;
    let bin = 0;
    let running = 0;
    let inside = 0;
    let longest = 0;
    let wait = IDLE;
    for (let cell = cells.first[row]; cell < last; ++cell) {
      const activity = cells.activity[cell];
      const end = cells.begin[cell + 1];
      let begin = cells.begin[cell];
      while (begin < end && bin < bins) {
        const until = bin === bins - 1 ? end : Math.min(end, (bin + 1) * width);
        const length = until - begin;
        if (activity !== IDLE && length > 0) {
          inside += length;
          if (activity === RUNNING) {
            running += length;
          } else if (length > longest) {
            longest = length;
            wait = activity;
          }
        }
        begin = Math.max(begin, until);
        if (until < end || (cell === last - 1 && bin < bins)) {
          if (inside > 0) {
            store(plane, row * bins + bin, wait, inside / width, running / width);
          }
          running = inside = longest = 0;
          wait = IDLE;
          ++bin;
        }
      }
    }
  }
  return plane;
}

function store(line, at, wait, cover, run) {
  line.wait[at] = wait;
  line.cover[at] = Math.max(1, Math.min(255, Math.round(cover * 255)));
  line.run[at] = squareRootByte(run);
}

// The pixel that two give: what more of their calls wait for wins.
function mergeInto(plane, at, from, first, second) {
  const coverOne = from.cover[first];
  const coverTwo = from.cover[second];
  const isFirst = from.wait[first] !== IDLE && (from.wait[second] === IDLE || coverOne >= coverTwo);
  plane.wait[at] = isFirst ? from.wait[first] : from.wait[second];
  plane.cover[at] = (coverOne + coverTwo + 1) >> 1;
  const runOne = from.run[first];
  const runTwo = from.run[second];
  plane.run[at] = Math.ceil(Math.sqrt((runOne * runOne + runTwo * runTwo) / 2));
}

function halvedBins(finer) {
  const plane = makePlane(finer.rows, finer.bins / 2);
  for (let at = 0; at < plane.wait.length; ++at) {
    mergeInto(plane, at, finer, 2 * at, 2 * at + 1);
  }
  return plane;
}

function halvedRows(finer) {
  const { bins } = finer;
  const plane = makePlane(Math.ceil(finer.rows / 2), bins);
  for (let row = 0; row < plane.rows; ++row) {
    const first = 2 * row * bins;
    const second = 2 * row + 1 < finer.rows ? first + bins : first;
    for (let bin = 0; bin < bins; ++bin) {
      mergeInto(plane, row * bins + bin, finer, first + bin, second + bin);
    }
  }
  return plane;
}

// `begin` and `perPixel` are shares of the whole timeline here.
function paintFar(line, plane, group, begin, perPixel) {
  const { bins } = plane;
  const offset = group * bins;
  for (let x = 0; x < line.wait.length; ++x) {
    const from = Math.floor((begin + x * perPixel) * bins);
    if (from >= bins || from < 0) {
      line.wait[x] = IDLE;
      line.cover[x] = 0;
      line.run[x] = 0;
      continue;
    }
    const to = Math.min(bins, Math.max(from + 1, Math.floor((begin + (x + 1) * perPixel) * bins)));
    let wait = plane.wait[offset + from];
    let most = plane.cover[offset + from];
    let cover = most;
    let run = plane.run[offset + from];
    for (let bin = offset + from + 1; bin < offset + to; ++bin) {
      cover += plane.cover[bin];
      run = Math.max(run, plane.run[bin]);
      if (plane.wait[bin] !== IDLE && (wait === IDLE || plane.cover[bin] > most)) {
        wait = plane.wait[bin];
        most = plane.cover[bin];
      }
    }
    line.wait[x] = wait;
    line.cover[x] = cover / (to - from);
    line.run[x] = run;
  }
}

// Whether one call ends where another begins, and both are wide enough for a gap to be seen between them.
function isBetweenCalls(cells, cell, least) {
  return cells.call[cell] !== cells.call[cell + 1] && cells.activity[cell] !== IDLE && cells.activity[cell + 1] !== IDLE &&
    cells.begin[cell + 1] - cells.begin[cell] > least && cells.begin[cell + 2] - cells.begin[cell + 1] > least;
}

// Adds a row's cells to a line of which this row is `weight` 255ths.
function addCells(line, cells, row, begin, perPixel, weight) {
  const { wait, cover, run } = line;
  const width = wait.length;
  const last = cells.first[row + 1] - 1;
  let cell = cellAt(cells.begin, cells.first[row], last, begin);
  for (let x = 0; x < width && cell < last;) {
    const from = begin + x * perPixel;
    const to = from + perPixel;
    while (cell < last && cells.begin[cell + 1] <= from) {
      ++cell;
    }
    if (cell === last) {
      return;
    }
    const activity = cells.activity[cell];
    const end = cells.begin[cell + 1];
    if (end >= to) {
      // The pixel, and perhaps many after it, lie within one cell.
      const until = Math.min(width, Math.max(x + 1, Math.floor((end - begin) / perPixel)));
      if (activity === IDLE) {
        x = until;
      } else if (activity === RUNNING) {
        for (; x < until; ++x) {
          cover[x] += weight;
          run[x] = 255;
        }
      } else {
        for (; x < until; ++x) {
          cover[x] += weight;
          if (wait[x] === IDLE) {
            wait[x] = activity;
          }
        }
      }
      continue;
    }
    let running = 0;
    let inside = 0;
    let longest = 0;
    let mostly = IDLE;
    let time = from;
    let isGap = false;
    for (let seen = 0; cell < last && time < to; ++seen) {
      if (seen === MOST_CELLS_A_PIXEL) {
        cell = cellAt(cells.begin, cell, last, to);
        break;
      }
      const until = Math.min(to, cells.begin[cell + 1]);
      const length = until - time;
      if (cells.activity[cell] !== IDLE) {
        inside += length;
        if (cells.activity[cell] === RUNNING) {
          running += length;
        } else if (length > longest) {
          longest = length;
          mostly = cells.activity[cell];
        }
      }
      time = until;
      if (cells.begin[cell + 1] <= to) {
        isGap ||= isBetweenCalls(cells, cell, LEAST_OF_A_CALL * perPixel);
        ++cell;
      }
    }
    // Two calls that follow each other closely are two: where nothing runs, the pixel between them stays empty.
    if (inside > 0 && !(isGap && running === 0)) {
      const seen = Math.max(time - from, perPixel * 1e-6);
      if (wait[x] === IDLE) {
        wait[x] = mostly;
      }
      cover[x] += Math.ceil((inside / seen) * weight);
      run[x] = Math.max(run[x], squareRootByte(running / seen));
    }
    ++x;
  }
}
