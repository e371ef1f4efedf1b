// What is said of one call: a card beside the pointer or below the timeline, and a sentence for those who listen.

import { ACTIVITIES } from "./activities.mjs";
import { phasesOf } from "./data.mjs";
import { element } from "./dom.mjs";
import { formatDuration, formatShare } from "./format.mjs";
import { titleOf } from "./summary.mjs";

const MOST_PHASES = 14;

/** The elements of a call's card. */
export function cardOf(timeline, call, hasTitle) {
  const { calls } = timeline;
  const phases = phasesOf(calls, call);
  const length = calls.length[call];
  const result = timeline.results[calls.result[call]];
  const heading = element("div", { class: "card-heading" }, element("strong", {}, calls.name(call) || "(no name)"));
  if (result) {
    heading.append(element("span", { class: calls.ok[call] ? "result" : "result bad" }, result));
  }
  const facts = [
    hasTitle ? titleOf(timeline) : undefined,
    timeline.lanes[calls.lane[call]].name,
    calls.line[call] > 0 ? `line ${calls.line[call]}` : undefined,
    calls.attempt[call] > 1 ? `attempt ${calls.attempt[call]}` : undefined,
    connectionOf(timeline, call),
    `began at ${formatDuration(calls.begin[call])}`,
    `took ${formatDuration(length)}`,
    calls.standsFor[call] > 1 ? `stands for ${calls.standsFor[call]} calls` : undefined,
  ];
  const shown = phases.length > MOST_PHASES ? phases.slice(0, MOST_PHASES - 1) : phases;
  const rows = shown.map((phase) => {
    const share = length > 0 ? phase.length / length : 0;
    const offset = length > 0 ? (phase.begin - calls.begin[call]) / length : 0;
    const bar = element("span", {
      class: `bar activity-${phase.activity}`,
      style: { left: `${offset * 100}%`, width: `max(1px, ${share * 100}%)` },
    });
    return element("tr", {},
      element("th", { scope: "row" }, element("i", { class: `swatch activity-${phase.activity}` }), ACTIVITIES[phase.activity].name),
      element("td", {}, formatDuration(phase.length)),
      element("td", {}, formatShare(share)),
      element("td", { class: "bars" }, bar));
  });
  if (shown.length < phases.length) {
    rows.push(element("tr", {}, element("td", { colspan: "4" }, `and ${phases.length - shown.length} more`)));
  }
  return [heading, element("p", { class: "facts" }, facts.filter(Boolean).join(" · ")), element("table", { class: "phases" }, ...rows)];
}

/** The connection of the call's last attempt, if it is known. */
function connectionOf({ calls, origins }, call) {
  if (!calls.origin[call] || !calls.connection[call]) {
    return undefined;
  }
  return `connection ${calls.connection[call]} to ${origins[calls.origin[call] - 1]}`;
}

/** The call in a sentence. */
export function sentenceOf(timeline, call) {
  const { calls } = timeline;
  const sums = new Map();
  for (const phase of phasesOf(calls, call)) {
    sums.set(phase.activity, (sums.get(phase.activity) ?? 0) + phase.length);
  }
  const parts = Array.from(sums).sort((a, b) => b[1] - a[1]).slice(0, 4)
    .map(([activity, length]) => `${ACTIVITIES[activity].name} ${formatDuration(length)}`);
  const result = timeline.results[calls.result[call]];
  const line = calls.line[call] > 0 ? `, line ${calls.line[call]}` : "";
  return `${calls.name(call)}${line}, ${titleOf(timeline)}${result ? `: ${result}` : ""}. Began at ${formatDuration(calls.begin[call])}, ` +
    `took ${formatDuration(calls.length[call])}: ${parts.join(", ")}.`;
}
