// Which part of time is shown: values in, values out.

/** One tenth of a microsecond is what a trace can tell; a view shows at least ten of them. */
const SHORTEST = 1;

export function fitted(length) {
  return { begin: 0, end: length > 0 ? length : SHORTEST };
}

/** Changes the span by `factor` (below 1: closer) so that the time `at` stays where it is on the screen. */
export function zoomed(view, factor, at, length) {
  const whole = fitted(length).end;
  const span = view.end - view.begin;
  const wanted = Math.min(whole, Math.max(Math.min(SHORTEST, whole), span * factor));
  return inside(at - ((at - view.begin) / span) * wanted, wanted, whole);
}

export function panned(view, by, length) {
  return inside(view.begin + by, view.end - view.begin, fitted(length).end);
}

/** A view in which [begin, begin + length] takes the middle, as wide as it is if it fits and else three times the stretch. */
export function showing(view, begin, stretch, length) {
  const whole = fitted(length).end;
  const span = view.end - view.begin;
  const fits = stretch <= span * 0.8 && stretch >= span / 12;
  if (fits && begin >= view.begin && begin + stretch <= view.end) {
    return view;
  }
  const wanted = fits ? span : Math.min(whole, Math.max(SHORTEST, stretch * 3));
  return inside(begin + stretch / 2 - wanted / 2, wanted, whole);
}

/** Between two views, `part` of the way; in the logarithm of the span, as the eye sees it. */
export function between(from, to, part) {
  const [spanFrom, spanTo] = [from.end - from.begin, to.end - to.begin];
  const span = spanFrom * (spanTo / spanFrom) ** part;
  const even = Math.abs(spanTo - spanFrom) < 1e-9 * spanFrom;
  const moved = even ? part : (span - spanFrom) / (spanTo - spanFrom);
  const begin = from.begin + (to.begin - from.begin) * moved;
  return part >= 1 ? to : { begin, end: begin + span };
}

function inside(begin, span, whole) {
  const kept = Math.min(Math.max(0, begin), Math.max(0, whole - span));
  return { begin: kept, end: kept + span };
}
