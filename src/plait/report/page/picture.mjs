// Draws the timelines on a canvas. What is drawn is decided elsewhere: layout.mjs says where, density.mjs what a pixel shows.

import { RUNNING } from "./activities.mjs";
import { cellAt, cellsOf, loopCellsOf, NOBODY, phasesOf, someRows, loopLineOf } from "./data.mjs";
import { Density, makeLine } from "./density.mjs";
import { formatCount, formatCounted, formatDuration } from "./format.mjs";
import { placeOfRow } from "./layout.mjs";
import { Palette } from "./palette.mjs";
import { titleOf } from "./summary.mjs";
import { tickText, timeTicks } from "./ticks.mjs";

export const AXIS_HEIGHT = 26;
const WIDE = 640;
const GUTTER = 104;
const FOLLOWED_HEIGHT = 16;
const DIMMING = 0.72;
// From so many stretches a pixel on, the line would be a hatch and no line.
const MOST_STRETCHES_A_PIXEL = 1.2;
const SURELY_TOO_MANY_CALLS_A_PIXEL = 20;
const LOOP_LINES_FADE_FROM = 0.25;
// How long, in pixels, the line takes from a call up to its loop, and how far above the calls it rests there.
const BEND = 22;
const REST_ABOVE = 13;

export function gutterOf(width) {
  return width < WIDE ? 0 : GUTTER;
}

/** The rows of each block, and the line of each loop; made when they are first drawn. */
export class Rows {
  constructor(timelines) {
    this.timelines = timelines;
    this.cells = [];
    this.densities = new Map();
    this.loopLines = new Map();
  }

  cellsOf(timeline) {
    return (this.cells[timeline] ??= cellsOf(this.timelines[timeline]));
  }

  densityOf(block) {
    const key = `${block.timeline} ${block.kind} ${block.lane}`;
    if (!this.densities.has(key)) {
      const cells = block.kind === "loop" ? loopCellsOf(this.timelines[block.timeline], block.lane, RUNNING)
        : someRows(this.cellsOf(block.timeline), block.firstRow, block.rows);
      this.densities.set(key, new Density(cells));
    }
    return this.densities.get(key);
  }

  /** The lines of all loops, which take a while where there are 100,000 calls. */
  makeLoopLines() {
    this.timelines.forEach(({ lanes }, timeline) => lanes.forEach(({ kind }, lane) => {
      if (kind === "loop") {
        this.loopLineOf({ timeline, lane });
      }
    }));
  }

  loopLineOf({ timeline, lane }) {
    const key = `${timeline} ${lane}`;
    if (!this.loopLines.has(key)) {
      this.loopLines.set(key, loopLineOf(this.timelines[timeline], lane, RUNNING));
    }
    return this.loopLines.get(key);
  }

  /** The call that a row of a block shows at a time, or undefined. Looks at `around` rows above and below as well. */
  callAt(block, row, time, around) {
    const { cells } = this.densityOf(block);
    for (let away = 0; away <= around; ++away) {
      for (const near of away === 0 ? [row] : [row - away, row + away]) {
        if (near >= 0 && near < cells.rows) {
          const call = cells.call[cellAt(cells.begin, cells.first[near], cells.first[near + 1], time)];
          if (call !== NOBODY) {
            return call;
          }
        }
      }
    }
    return undefined;
  }
}

export class Picture {
  constructor(canvas, timelines, rows) {
    this.context = canvas.getContext("2d", { alpha: false });
    this.canvas = canvas;
    this.timelines = timelines;
    this.rows = rows;
  }

  /** `ink` has the colours and the font of what is not an activity. */
  useTheme(theme, ink) {
    this.ink = ink;
    this.palette = new Palette(theme, ink.track);
    this.makeDimmed = () => new Palette(theme, ink.track, DIMMING);
    this.dimmed = undefined;
  }

  resize(width, height, ratio) {
    Object.assign(this, { width, height, ratio });
    const [deviceWidth, deviceHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== deviceWidth || this.canvas.height !== deviceHeight) {
      this.canvas.width = deviceWidth;
      this.canvas.height = deviceHeight;
    }
    this.left = gutterOf(width);
  }

  get plotWidth() {
    return Math.max(1, this.width - this.left);
  }

  xOf(view, time) {
    return this.left + ((time - view.begin) / (view.end - view.begin)) * this.plotWidth;
  }

  timeAt(view, x) {
    return view.begin + ((x - this.left) / this.plotWidth) * (view.end - view.begin);
  }

  /** Draws a frame of `{view, layout, scroll, followed, hovered}`. */
  draw(state) {
    const { context, ratio } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = this.ink.paper;
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    for (const block of state.layout.blocks) {
      this.drawRows(state, block);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.save();
    context.beginPath();
    context.rect(0, AXIS_HEIGHT, this.width, this.height - AXIS_HEIGHT);
    context.clip();
    const ticks = timeTicks(state.view.begin, state.view.end, this.plotWidth / 110);
    this.drawGrid(state, ticks);
    context.save();
    context.beginPath();
    context.rect(this.left, AXIS_HEIGHT, this.plotWidth, this.height);
    context.clip();
    for (const block of state.layout.blocks) {
      if (block.kind === "calls" && this.timelines[block.timeline].lanes[block.lane].kind === "loop") {
        this.drawLoopLine(state, block);
      }
    }
    if (state.hovered) {
      this.drawOutline(state, state.hovered, this.ink.text, 1.5);
    }
    if (state.followed) {
      this.drawFollowed(state, state.followed);
    }
    context.restore();
    this.drawLabels(state);
    context.restore();
    this.drawAxis(state, ticks);
  }

  screenTop(state, top) {
    return AXIS_HEIGHT + top - state.scroll;
  }

  drawRows(state, block) {
    const { ratio } = this;
    const { view } = state;
    const top = this.screenTop(state, block.top);
    const first = Math.round(top * ratio);
    const from = Math.max(first, Math.floor(AXIS_HEIGHT * ratio));
    const to = Math.min(Math.round((top + block.height) * ratio), this.canvas.height);
    const left = Math.round(this.left * ratio);
    const perPixel = (view.end - view.begin) / (this.canvas.width - left);
    const length = this.timelines[block.timeline].length;
    const width = Math.min(this.canvas.width - left, Math.ceil((length - view.begin) / perPixel));
    if (to <= from || width <= 0) {
      return;
    }
    const density = this.rows.densityOf(block);
    const palette = state.followed ? (this.dimmed ??= this.makeDimmed()) : this.palette;
    const image = this.context.createImageData(width, to - from);
    const pixels = new Uint32Array(image.data.buffer);
    const pitch = block.pitch * ratio;
    const rowLevel = Math.max(0, Math.ceil(Math.log2(1 / pitch)));
    const groupPitch = pitch * 2 ** rowLevel;
    const gap = groupPitch >= 4 * ratio ? Math.max(1, Math.round(ratio)) : groupPitch >= 3 ? 1 : 0;
    const groups = Math.ceil(block.rows / 2 ** rowLevel);
    const line = makeLine(width);
    const paper = palette.groundPixel;
    for (let group = Math.max(0, Math.floor((from - first) / groupPitch)); group < groups; ++group) {
      const groupTop = Math.round(first + group * groupPitch);
      const groupEnd = Math.round(first + (group + 1) * groupPitch);
      const [begin, end] = [Math.max(from, groupTop), Math.min(to, groupEnd)];
      if (begin >= to) {
        break;
      }
      if (end <= begin) {
        continue;
      }
      density.paint(line, group, rowLevel, view.begin, perPixel);
      const filled = Math.min(end, Math.max(begin + (gap > 0 ? 0 : 1), groupEnd - gap));
      if (filled > begin) {
        const at = (begin - from) * width;
        palette.fill(pixels, at, line, width);
        for (let y = begin + 1; y < filled; ++y) {
          pixels.copyWithin((y - from) * width, at, at + width);
        }
      }
      pixels.fill(paper, (Math.max(begin, filled) - from) * width, (end - from) * width);
    }
    this.context.putImageData(image, left, from);
  }

  drawGrid(state, { times }) {
    const { context } = this;
    context.fillStyle = this.ink.grid;
    for (const time of times) {
      const x = this.snapped(this.xOf(state.view, time));
      context.fillRect(x, AXIS_HEIGHT, 1 / this.ratio, this.height);
    }
  }

  snapped(x) {
    return Math.round(x * this.ratio) / this.ratio;
  }

  drawAxis(state, { step, times }) {
    const { context } = this;
    context.fillStyle = this.ink.paper;
    context.fillRect(0, 0, this.width, AXIS_HEIGHT);
    context.fillStyle = this.ink.rule;
    context.fillRect(this.left, AXIS_HEIGHT - 1, this.plotWidth, 1);
    context.fillStyle = this.ink.muted;
    context.font = this.ink.smallFont;
    context.textBaseline = "middle";
    let free = -Infinity;
    for (const time of times) {
      const text = tickText(time, step);
      const width = context.measureText(text).width;
      const x = this.xOf(state.view, time);
      const at = Math.max(this.left, Math.min(x - width / 2, this.width - width - 1));
      if (at > free) {
        context.fillText(text, at, AXIS_HEIGHT / 2);
        free = at + width + 8;
      }
      context.fillRect(this.snapped(x), AXIS_HEIGHT - 5, 1 / this.ratio, 4);
    }
  }

  drawLabels(state) {
    const { context } = this;
    context.textBaseline = "middle";
    for (const band of state.layout.bands) {
      const y = this.screenTop(state, band.top) + band.headingHeight / 2 + 1;
      if (y < AXIS_HEIGHT - 20 || y > this.height + 20) {
        continue;
      }
      const timeline = this.timelines[band.timeline];
      context.font = this.ink.boldFont;
      context.fillStyle = this.ink.text;
      const title = titleOf(timeline);
      context.fillText(title, 2, y);
      const after = 2 + context.measureText(title).width + 10;
      context.font = this.ink.smallFont;
      context.fillStyle = this.ink.muted;
      context.fillText(this.headingOf(timeline), after, y);
    }
    if (this.left > 0) {
      for (const block of state.layout.blocks) {
        this.drawLaneNames(state, block);
      }
    }
  }

  headingOf(timeline) {
    const loops = timeline.lanes.filter((lane) => lane.kind === "loop").length;
    const kind = timeline.lanes[0]?.kind;
    const lanes = kind === "caller" || kind === "unknown" || timeline.lanes.length === 0 ? ""
      : loops > 0 ? `, ${formatCounted(loops, "loop")}, ${formatCount(timeline.rows)} in flight at most`
        : `, ${formatCount(timeline.lanes.length)} ${kind === "process" ? "process" : kind}${timeline.lanes.length === 1 ? "" : kind === "process" ? "es" : "s"}`;
    return `${formatDuration(timeline.length)}${lanes}`;
  }

  drawLaneNames(state, block) {
    const { context } = this;
    const timeline = this.timelines[block.timeline];
    context.font = this.ink.smallFont;
    context.fillStyle = this.ink.muted;
    const put = (text, top, height) => {
      const y = this.screenTop(state, top) + height / 2;
      if (y > AXIS_HEIGHT - 10 && y < this.height + 10) {
        context.fillText(shortened(context, text, this.left - 12), 2, y);
      }
    };
    if (block.kind === "loop") {
      put(timeline.lanes[block.lane].name, block.top, block.height);
      return;
    }
    if (timeline.lanes[block.lane].kind === "loop") {
      const high = block.height >= 30;
      put(`${formatCounted(block.rows, "call")}`, block.top, high ? 14 : block.height);
      if (high) {
        put("in flight", block.top + 14, 14);
      }
      return;
    }
    // As many names as there is room for: every one, or every second, or every fourth.
    const every = 2 ** Math.max(0, Math.ceil(Math.log2(12 / block.pitch)));
    timeline.lanes.forEach((lane) => {
      const at = lane.firstRow - block.firstRow;
      if (lane.kind !== "loop" && at >= 0 && at < block.rows && at % every === 0) {
        put(lane.name, block.top + at * block.pitch, Math.min(block.pitch * Math.max(lane.rows, every), 18));
      }
    });
  }

  // Whether there are far too many stretches in the view, as far as can be said before the line is made.
  isCrowded({ view }, { timeline }) {
    const { calls, length } = this.timelines[timeline];
    return calls.count * (view.end - view.begin) > length * this.plotWidth * SURELY_TOO_MANY_CALLS_A_PIXEL;
  }

  // The line of the event loop: strong where a call runs, thin from one call to the next.
  drawLoopLine(state, block) {
    const { context } = this;
    if (this.isCrowded(state, block)) {
      return;
    }
    const loopLine = this.rows.loopLineOf(block);
    const from = Math.max(0, cellAt(loopLine.begin, 0, loopLine.count, state.view.begin) - 1);
    const to = Math.min(loopLine.count, cellAt(loopLine.begin, 0, loopLine.count, state.view.end) + 2);
    if (to - from < 1) {
      return;
    }
    const width = this.xOf(state.view, Math.min(state.view.end, loopLine.end[to - 1])) -
      this.xOf(state.view, Math.max(state.view.begin, loopLine.begin[from]));
    const crowd = (to - from) / Math.max(1, width);
    if (crowd > MOST_STRETCHES_A_PIXEL) {
      return;
    }
    const fade = Math.min(1, LOOP_LINES_FADE_FROM / crowd) * (state.followed ? 0.3 : 1);
    const yOf = (at) => this.screenTop(state, block.top) + (loopLine.row[at] - block.firstRow + 0.5) * block.pitch;
    context.strokeStyle = this.palette.css(RUNNING);
    context.lineJoin = "round";
    context.lineWidth = 1;
    context.globalAlpha = 0.08 + 0.5 * fade;
    context.beginPath();
    const bend = (x, y, nextX, nextY) => context.bezierCurveTo((x + nextX) / 2, y, (x + nextX) / 2, nextY, nextX, nextY);
    for (let at = from; at + 1 < to; ++at) {
      const [x, y] = [this.xOf(state.view, loopLine.end[at]), yOf(at)];
      const [nextX, nextY] = [this.xOf(state.view, loopLine.begin[at + 1]), yOf(at + 1)];
      context.moveTo(x, y);
      if (nextX - x < 3 * BEND) {
        bend(x, y, nextX, nextY);
      } else {
        // Nobody is ready: the loop waits for its calls where it stands itself.
        const rest = this.screenTop(state, block.top) - REST_ABOVE;
        bend(x, y, x + BEND, rest);
        context.lineTo(nextX - BEND, rest);
        bend(nextX - BEND, rest, nextX, nextY);
      }
    }
    context.stroke();
    context.globalAlpha = state.followed ? 0.3 : 1;
    context.lineWidth = Math.min(4, Math.max(1.5, block.pitch * 0.5));
    context.beginPath();
    for (let at = from; at < to; ++at) {
      const x = this.xOf(state.view, loopLine.begin[at]);
      const end = Math.max(x + 1, this.xOf(state.view, loopLine.end[at]));
      context.moveTo(x, yOf(at));
      context.lineTo(end, yOf(at));
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  /** Where a call stands on the canvas, in CSS pixels: `{x, y, width, height}`. */
  rectangleOf(state, { timeline, call }) {
    const { calls } = this.timelines[timeline];
    const place = placeOfRow(state.layout, timeline, calls.row[call]);
    const x = this.xOf(state.view, calls.begin[call]);
    const width = this.xOf(state.view, calls.begin[call] + calls.length[call]) - x;
    return { x, y: this.screenTop(state, place.top), width, height: place.height };
  }

  drawOutline(state, who, colour, lineWidth) {
    const { context } = this;
    const { x, y, width, height } = this.rectangleOf(state, who);
    const high = Math.max(4, height);
    context.strokeStyle = colour;
    context.lineWidth = lineWidth;
    context.strokeRect(x - 1, y + height / 2 - high / 2 - 0.5, Math.max(2, width + 2), high);
  }

  // The call that is followed stands out of its row, however low that is.
  drawFollowed(state, who) {
    const { context } = this;
    const { x, y, width, height } = this.rectangleOf(state, who);
    const high = Math.max(FOLLOWED_HEIGHT, height);
    const top = y + height / 2 - high / 2;
    context.fillStyle = this.ink.paper;
    context.fillRect(x - 4, top - 4, Math.max(3, width) + 8, high + 8);
    for (const phase of phasesOf(this.timelines[who.timeline].calls, who.call)) {
      const begin = this.xOf(state.view, phase.begin);
      const end = this.xOf(state.view, phase.begin + phase.length);
      context.fillStyle = this.palette.css(phase.activity);
      context.fillRect(begin, top, Math.max(phase.activity === RUNNING ? 1 : 0, end - begin), high);
    }
    context.strokeStyle = this.ink.accent;
    context.lineWidth = 2;
    context.strokeRect(x - 2, top - 2, Math.max(3, width) + 4, high + 4);
  }
}

function shortened(context, text, width) {
  if (context.measureText(text).width <= width) {
    return text;
  }
  let length = text.length;
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > width) {
    --length;
  }
  return `${text.slice(0, length)}…`;
}
