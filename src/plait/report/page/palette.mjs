// From what a pixel shows (density.mjs) to its colour, by tables that are made once for a theme.

import { ACTIVITIES, IDLE, rgbOf, RUNNING } from "./activities.mjs";

const COVER_STEPS = 16;
const RUN_STEPS = 256;

const mixed = (from, to, part) => from.map((value, i) => value + (to[i] - value) * part);

// Pixels of ImageData are bytes red, green, blue, alpha; every processor that runs a browser today stores the lowest byte first.
const pixelOf = (red, green, blue) => (255 << 24 | (blue + 0.5) << 16 | (green + 0.5) << 8 | (red + 0.5)) >>> 0;

/** How strongly running shows: a share of a pixel as its square root (0 to 1), to the part of the running colour. */
export function strengthOfRunning(run) {
  return run <= 0 ? 0 : Math.min(1, 0.1 + 1.25 * run);
}

const STRENGTHS = Array.from({ length: RUN_STEPS }, (_, run) => strengthOfRunning(run / (RUN_STEPS - 1)));

/**
 * The colours of a theme (`light` or `dark`) on a ground `#rrggbb`. `dim` (0 to 1) moves all of them towards the ground.
 */
export class Palette {
  constructor(theme, ground, dim = 0) {
    this.ground = rgbOf(ground);
    this.colours = ACTIVITIES.map((activity) => mixed(rgbOf(activity[theme]), this.ground, dim));
    this.table = new Uint32Array((IDLE + 1) * COVER_STEPS * RUN_STEPS);
    const running = this.colours[RUNNING];
    for (let wait = 0; wait <= IDLE; ++wait) {
      for (let cover = 0; cover < COVER_STEPS; ++cover) {
        // Where calls fill a little of a pixel they are seen all the same.
        const part = cover === 0 || wait === IDLE ? 0 : 0.25 + 0.75 * (cover / (COVER_STEPS - 1));
        const [red, green, blue] = mixed(this.ground, this.colours[wait] ?? running, part);
        for (let run = 0; run < RUN_STEPS; ++run) {
          const strength = STRENGTHS[run];
          this.table[(wait * COVER_STEPS + cover) * RUN_STEPS + run] = pixelOf(
            red + (running[0] - red) * strength, green + (running[1] - green) * strength, blue + (running[2] - blue) * strength);
        }
      }
    }
    this.groundPixel = pixelOf(...this.ground);
  }

  /** Writes the colours of a line's first `width` pixels to `pixels`, from `at` on. */
  fill(pixels, at, line, width) {
    const { table } = this;
    const { wait, cover, run } = line;
    for (let x = 0; x < width; ++x) {
      pixels[at + x] = table[(wait[x] * COVER_STEPS + ((cover[x] + 15) >> 4 === 16 ? 15 : (cover[x] + 15) >> 4)) * RUN_STEPS + run[x]];
    }
  }

  /** The colour of an activity, for the canvas. */
  css(activity) {
    return `rgb(${this.colours[activity].map(Math.round).join(" ")})`;
  }
}
