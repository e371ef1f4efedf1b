// Numbers as text for people. Times are in microseconds.

const MINUS = "\u2212";
const NARROW_SPACE = "\u202f";
const NO_BREAK_SPACE = "\u00a0";

/** A length of time with three digits that count: `12.3 ms`, `1 min 5 s`. */
export function formatDuration(microseconds) {
  if (!Number.isFinite(microseconds)) {
    return "";
  }
  if (microseconds < 0) {
    return MINUS + formatDuration(-microseconds);
  }
  if (microseconds === 0) {
    return `0${NO_BREAK_SPACE}s`;
  }
  const units = [["µs", 1], ["ms", 1e3], ["s", 1e6]];
  for (const [unit, size] of units) {
    // 999.6 µs is 1 ms and not 1000 µs.
    const next = unit === "s" ? 119.95 : 999.5;
    if (microseconds / size < next) {
      return threeDigits(microseconds / size) + NO_BREAK_SPACE + unit;
    }
  }
  const seconds = Math.round(microseconds / 1e6);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const parts = hours > 0 ? [`${hours}`, "h", `${minutes}`, "min"] : [`${minutes}`, "min", `${seconds % 60}`, "s"];
  return parts.join(NO_BREAK_SPACE);
}

function threeDigits(value) {
  const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}

/** A whole number in groups of three: `100 000`, with narrow spaces. */
export function formatCount(count) {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
}

/** A rate: whole from 100 on, else with three digits that count. */
export function formatRate(rate) {
  return rate >= 99.95 ? formatCount(rate) : threeDigits(rate);
}

/** A share of one: `99.8 %`, and never 100 % or 0 % for what is not all or nothing. */
export function formatShare(share) {
  const percent = share * 100;
  if (percent > 0 && percent < 0.05) {
    return `<${NO_BREAK_SPACE}0.1${NO_BREAK_SPACE}%`;
  }
  if (percent < 100 && percent > 99.95) {
    return `>${NO_BREAK_SPACE}99.9${NO_BREAK_SPACE}%`;
  }
  return `${percent >= 99.95 ? "100" : percent.toFixed(1).replace(/\.0$/, "")}${NO_BREAK_SPACE}%`;
}

/** `1 call`, `2 calls`. */
export function formatCounted(count, noun) {
  return `${formatCount(count)}${NO_BREAK_SPACE}${noun}${count === 1 ? "" : "s"}`;
}
