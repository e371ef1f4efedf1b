// The colours of a page, and what draws with them.

import { byId, styleValue } from "./dom.mjs";

// Light or dark: what the reader chose here, or else what the system says; paper is light.
export class Theme {
  constructor(onChange) {
    this.onChange = onChange;
    this.chosen = undefined;
    this.isPrinted = false;
  }

  get name() {
    return this.isPrinted ? "light" : this.chosen ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  }

  toggle() {
    this.chosen = this.name === "dark" ? "light" : "dark";
    this.apply();
  }

  print(isPrinted) {
    this.isPrinted = isPrinted;
    this.apply();
  }

  apply() {
    document.documentElement.dataset.theme = this.name;
    byId("theme").setAttribute("aria-pressed", String(this.name === "dark"));
    const family = getComputedStyle(document.body).fontFamily;
    this.ink = {
      paper: styleValue("--paper"),
      track: styleValue("--track"),
      text: styleValue("--text"),
      muted: styleValue("--muted"),
      rule: styleValue("--rule"),
      grid: styleValue("--grid"),
      accent: styleValue("--accent"),
      wash: styleValue("--wash"),
      ready: styleValue("--activity-1"),
      methods: [1, 2, 3, 4].map((n) => styleValue(`--method-${n}`)),
      smallFont: `12px ${family}`,
      boldFont: `600 14px ${family}`,
    };
    this.onChange(this.name, this.ink);
  }
}
