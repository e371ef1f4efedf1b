// Where the axis of time has its marks.

/** Marks at round times in [begin, end], at most `most` of them: `{step, times}`. */
export function timeTicks(begin, end, most) {
  const least = (end - begin) / Math.max(1, most);
  const step = roundStep(least);
  const times = [];
  for (let n = Math.ceil(begin / step - 1e-9); n * step <= end * (1 + 1e-12); ++n) {
    times.push(n * step);
  }
  return { step, times };
}

const SECOND = 1e6;
const LONG_STEPS = [60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400].map((seconds) => seconds * SECOND);

function roundStep(least) {
  if (least > 30 * SECOND) {
    return LONG_STEPS.find((step) => step >= least) ?? Math.ceil(least / LONG_STEPS.at(-1)) * LONG_STEPS.at(-1);
  }
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) * power;
  return step > 30 * SECOND ? 60 * SECOND : step;
}

/** The text of a mark: all marks of a step have the same unit and as many digits as tell neighbours apart. */
export function tickText(time, step) {
  if (time === 0) {
    return "0";
  }
  if (step >= 60 * SECOND) {
    const minutes = Math.round(time / 60 / SECOND);
    return minutes >= 60 ? `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")} h` : `${minutes} min`;
  }
  // 1 234.5 ms reads worse than 1.2345 s: the unit goes by the time, the digits by the step.
  const [unit, size] = time >= SECOND ? ["s", SECOND] : time >= 1e3 ? ["ms", 1e3] : ["µs", 1];
  const digits = Math.max(0, Math.ceil(-Math.log10(step / size) - 1e-9));
  return `${(time / size).toFixed(digits)} ${unit}`;
}
