// The parts of the page that are text. What has not changed is left alone, so that a selection survives.

import { byId, element } from "../page/dom.mjs";
import { costRows, errorRows, figuresOf, groupRows, limitsInWords, outcomeRows, workerRows } from "./model.mjs";

export function setText(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

// Makes `parent` have `count` children, by `make` or by leaving the last out.
function fit(parent, count, make) {
  while (parent.children.length < count) {
    parent.append(make());
  }
  while (parent.children.length > count) {
    parent.lastElementChild.remove();
  }
  return [...parent.children];
}

export function showFigures(figures) {
  const places = fit(byId("figures"), figures.length, () => element("div", {}, element("dt"), element("dd")));
  figures.forEach(({ value, label }, i) => {
    setText(places[i].firstElementChild, label);
    setText(places[i].lastElementChild, value);
  });
}

// Columns are `[title, class]`; a cell of the class `length` has a bar.
class Table {
  constructor(id, columns) {
    this.columns = columns;
    this.body = element("tbody");
    byId(id).append(
      element("thead", {}, element("tr", {}, ...columns.map(([title, kind]) => element("th", { scope: "col", class: isText(kind) ? "text" : undefined }, title)))),
      this.body);
    this.section = byId(id).closest("section");
  }

  show(rows) {
    const places = fit(this.body, rows.length, () => element("tr", {}, ...this.columns.map(([, kind]) => element("td", { class: kind }))));
    rows.forEach(({ cells, part }, i) => cells.forEach((text, at) => {
      const cell = places[i].children[at];
      setText(cell, text);
      if (this.columns[at][1] === "length") {
        cell.style.setProperty("--part", `${part * 100}%`);
      }
    }));
  }
}

const isText = (kind) => /text/.test(kind ?? "");

/** Returns what shows a state; `limit`: of the calls in flight, or null. */
export function sections() {
  const outcomes = new Table("outcomes", [["outcome", "text"], ["results", "length"], ["share"]]);
  const errors = new Table("errors", [["kind", "text"], ["calls", "length"], ["last at"], ["example", "text words"], ["request and error", "text words"]]);
  const groups = new Table("groups", [["group", "text"], ["in flight"], ["waiting"], ["limit of calls in flight", "text words"], ["why it waits", "text words"]]);
  const costs = new Table("costs", [["unit", "text"], ["spent", "length"], ["budget"], ["share"]]);
  const workers = new Table("workers", [["machine", "text"], ["state", "text"], ["in flight"], ["calls"], ["version", "text"]]);
  return (state, limit) => {
    const { report } = state.status;
    showFigures(figuresOf(state, limit));
    outcomes.show(outcomeRows(report));
    errors.show(errorRows(report));
    errors.section.hidden = report.errors.length === 0;
    groups.show(groupRows(state));
    costs.show(costRows(report));
    costs.section.hidden = report.costs.length === 0;
    workers.show(workerRows(report));
    workers.section.hidden = report.workers.length === 0;
    const limits = limitsInWords(state);
    fit(byId("limits"), limits.length, () => element("li")).forEach((place, i) => setText(place, limits[i]));
  };
}
