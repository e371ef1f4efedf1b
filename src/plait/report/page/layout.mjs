// Where each timeline, lane and row stands, from top to bottom, in CSS pixels.

const HEADING = 26;
const LOOP_LANE = 14;
const BETWEEN_TIMELINES = 16;
const BETWEEN_BLOCKS = 6;
const TALLEST_ROW = 18;
const LOWEST_BLOCK = 18;

/**
 * Stacks timelines. Returns `{height, bands, blocks}`: a band is a timeline with its heading; a block is a stretch of rows of the
 * same height, `{timeline, kind, lane, firstRow, rows, top, height, pitch}` with kind `calls` or `loop` (when the loop of `lane` ran).
 * A block of calls has the rows of one loop, or of all the lanes that are no loops and stand together.
 * `room` is how high the picture may become before rows shrink; `scale` stretches the rows beyond that.
 */
export function stacked(timelines, room, scale) {
  const parts = timelines.flatMap((timeline, index) => blocksOf(timeline, index));
  const fixed = timelines.length * HEADING + (timelines.length - 1) * BETWEEN_TIMELINES +
    parts.reduce((sum, part) => sum + (part.kind === "loop" ? LOOP_LANE : 0) + BETWEEN_BLOCKS, 0);
  const heights = shared(parts.map((part) => (part.kind === "loop" ? 0 : part.rows)), Math.max(0, room - fixed));

  const bands = [];
  const blocks = [];
  let top = 0;
  for (let index = 0; index < timelines.length; ++index) {
    if (index > 0) {
      top += BETWEEN_TIMELINES;
    }
    const band = { timeline: index, top, headingHeight: HEADING, height: 0 };
    top += HEADING;
    parts.forEach((part, at) => {
      if (part.timeline === index) {
        const height = part.kind === "loop" ? LOOP_LANE : Math.min(heights[at] * scale, part.rows * Math.max(TALLEST_ROW, 24));
        blocks.push({ ...part, top, height, pitch: height / part.rows });
        top += height + BETWEEN_BLOCKS;
      }
    });
    band.height = top - band.top;
    bands.push(band);
  }
  return { height: top, bands, blocks };
}

function blocksOf(timeline, index) {
  const blocks = [];
  timeline.lanes.forEach((lane, at) => {
    if (lane.kind === "loop") {
      blocks.push({ timeline: index, kind: "loop", lane: at, firstRow: 0, rows: 1 });
      blocks.push({ timeline: index, kind: "calls", lane: at, firstRow: lane.firstRow, rows: lane.rows });
      return;
    }
    const above = blocks.at(-1);
    if (above && above.kind === "calls" && timeline.lanes[above.lane].kind !== "loop") {
      above.rows += lane.rows;
    } else {
      blocks.push({ timeline: index, kind: "calls", lane: at, firstRow: lane.firstRow, rows: lane.rows });
    }
  });
  return blocks;
}

// Gives each block the height its rows would like, or, when there is not room for all, the same limit to all who want more.
function shared(rows, room) {
  const wanted = rows.map((count) => (count === 0 ? 0 : Math.max(LOWEST_BLOCK, count * TALLEST_ROW)));
  let [low, high] = [LOWEST_BLOCK, Math.max(LOWEST_BLOCK, ...wanted)];
  for (let turn = 0; turn < 40; ++turn) {
    const limit = (low + high) / 2;
    const sum = wanted.reduce((total, height) => total + Math.min(height, limit), 0);
    [low, high] = sum > room ? [low, limit] : [limit, high];
  }
  return wanted.map((height) => Math.floor(Math.min(height, low)));
}

/** The block under a height, or undefined. */
export function blockAt(layout, y) {
  return layout.blocks.find((block) => y >= block.top && y < block.top + block.height);
}

/** Where a row of a timeline stands: `{block, top, height}`. */
export function placeOfRow(layout, timeline, row) {
  const block = layout.blocks.find((candidate) => candidate.timeline === timeline && candidate.kind === "calls" &&
    row >= candidate.firstRow && row < candidate.firstRow + candidate.rows);
  return { block, top: block.top + (row - block.firstRow) * block.pitch, height: block.pitch };
}
