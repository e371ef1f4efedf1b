// The timeline as one uses it: what is shown, and what pointer, wheel, fingers and keys do to it.

import { cardOf, sentenceOf } from "./card.mjs";
import { element } from "./dom.mjs";
import { formatDuration } from "./format.mjs";
import { blockAt, placeOfRow, stacked } from "./layout.mjs";
import { AXIS_HEIGHT, Picture, Rows } from "./picture.mjs";
import { between, fitted, panned, showing, zoomed } from "./view.mjs";

const ZOOM_STEP = 1.6;
const PAN_STEP = 0.15;
const MOST_SCALE = 64;
const GLIDE_MILLISECONDS = 180;
const CLICK_PIXELS = 4;
const WHEEL_STEP = 0.0022;

export class TimelineView {
  /**
   * `parts` are the elements: `frame` (takes the focus and scrolls), `spacer` (as high as all rows), `canvas`, `tooltip`, `panel`
   * (of the call that is followed), `live` (read aloud), `range`.
   */
  constructor(timelines, parts) {
    this.timelines = timelines;
    this.parts = parts;
    this.length = Math.max(0, ...timelines.map((timeline) => timeline.length));
    this.view = fitted(this.length);
    this.scale = 1;
    this.followed = null;
    this.hovered = null;
    this.frames = 0;
    this.firstFrame = null;
    this.pointers = new Map();
    this.rows = new Rows(timelines);
    this.picture = new Picture(parts.canvas, timelines, this.rows);
    this.draw = this.draw.bind(this);
    new ResizeObserver(() => parts.frame.clientWidth !== this.picture.width && this.resize()).observe(parts.frame);
    this.listen();
  }

  useTheme(theme, ink) {
    this.picture.useTheme(theme, ink);
    this.resize();
  }

  // ---- drawing

  resize() {
    const width = this.parts.frame.clientWidth;
    const room = Math.max(220, Math.min(window.innerHeight * 0.62, 720));
    this.layout = stacked(this.timelines, room - AXIS_HEIGHT, this.scale);
    this.room = Math.ceil(Math.min(this.layout.height, Math.max(room, 320)) + AXIS_HEIGHT);
    this.parts.frame.style.height = `${this.room}px`;
    this.parts.spacer.style.height = `${this.layout.height + AXIS_HEIGHT}px`;
    this.parts.canvas.style.height = `${this.room}px`;
    const ratio = this.isPrinted ? Math.max(2, window.devicePixelRatio) : window.devicePixelRatio || 1;
    this.picture.resize(width, this.room, ratio);
    this.draw();
  }

  print(isPrinted) {
    this.isPrinted = isPrinted;
    this.resize();
  }

  requestDraw() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = undefined;
      this.draw();
    });
  }

  draw() {
    if (!this.picture.ink) {
      return;
    }
    this.picture.draw(this.state());
    this.frames += 1;
    this.firstFrame ??= performance.now();
    const { begin, end } = this.view;
    this.parts.range.textContent = begin === 0 && end >= this.length ? `all of ${formatDuration(this.length)}`
      : `${formatDuration(begin)} to ${formatDuration(end)} of ${formatDuration(this.length)}`;
  }

  state() {
    return {
      view: this.view,
      layout: this.layout,
      scroll: this.parts.frame.scrollTop,
      followed: this.followed,
      hovered: this.hovered,
    };
  }

  // ---- what is shown

  show(view) {
    this.glide = undefined;
    this.view = view;
    this.requestDraw();
  }

  // Glides there, so that the eye can follow; those who want less motion are there at once.
  glideTo(view) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.show(view);
      return;
    }
    const glide = { from: this.view, to: view, begin: performance.now() };
    this.glide = glide;
    const step = (now) => {
      if (this.glide !== glide) {
        return;
      }
      const part = Math.min(1, Math.max(0, (now - glide.begin) / GLIDE_MILLISECONDS));
      this.view = between(glide.from, glide.to, 1 - (1 - part) ** 3);
      this.draw();
      if (part < 1) {
        requestAnimationFrame(step);
      } else {
        this.glide = undefined;
      }
    };
    requestAnimationFrame(step);
  }

  // Where the view goes to, even while it glides: keys pressed quickly add up.
  get target() {
    return this.glide ? this.glide.to : this.view;
  }

  zoom(factor, at = this.centre()) {
    this.glideTo(zoomed(this.target, factor, at, this.length));
  }

  centre() {
    const { begin, end } = this.target;
    if (this.followed) {
      const { calls } = this.timelines[this.followed.timeline];
      const middle = calls.begin[this.followed.call] + calls.length[this.followed.call] / 2;
      if (middle > begin && middle < end) {
        return middle;
      }
    }
    return (begin + end) / 2;
  }

  pan(share) {
    this.glideTo(panned(this.target, share * (this.target.end - this.target.begin), this.length));
  }

  fit() {
    this.setScale(1);
    this.glideTo(fitted(this.length));
  }

  /** Shows as much time as a timeline's run took, from its start. */
  span(timeline) {
    this.glideTo({ begin: 0, end: fitted(this.timelines[timeline].length).end });
  }

  /** How much higher rows are than what fits. Keeps what stands in the middle there. */
  setScale(scale) {
    const frame = this.parts.frame;
    const before = this.layout.height;
    const middle = frame.scrollTop + frame.clientHeight / 2;
    this.scale = Math.min(MOST_SCALE, Math.max(1, scale));
    this.resize();
    frame.scrollTop = (middle / before) * this.layout.height - frame.clientHeight / 2;
    this.requestDraw();
  }

  // ---- one call

  /** Follows a call: it stands out, the others fade, and it moves into view. null: none. */
  follow(who) {
    this.followed = who;
    this.hideTooltip();
    const { panel, live } = this.parts;
    if (!who) {
      panel.hidden = true;
      panel.replaceChildren();
      live.textContent = "";
      this.requestDraw();
      return;
    }
    const timeline = this.timelines[who.timeline];
    const { calls } = timeline;
    panel.replaceChildren(
      element("button", { type: "button", class: "close", "aria-label": "Stop following this call", onclick: () => this.follow(null) }, "×"),
      ...cardOf(timeline, who.call, this.timelines.length > 1));
    panel.hidden = false;
    live.textContent = sentenceOf(timeline, who.call);
    this.scrollTo(placeOfRow(this.layout, who.timeline, calls.row[who.call]));
    this.glideTo(showing(this.target, calls.begin[who.call], calls.length[who.call], this.length));
    this.requestDraw();
  }

  scrollTo({ top, height }) {
    const frame = this.parts.frame;
    const seen = frame.clientHeight - AXIS_HEIGHT;
    if (top < frame.scrollTop + 12 || top + height > frame.scrollTop + seen - 12) {
      frame.scrollTop = top + height / 2 - seen / 2;
    }
  }

  step(by) {
    if (!this.followed) {
      this.followFirstSeen();
      return;
    }
    const { timeline, call } = this.followed;
    const next = call + by;
    if (next >= 0 && next < this.timelines[timeline].calls.count) {
      this.follow({ timeline, call: next });
      return;
    }
    // Past a timeline's end lies the next one's beginning.
    const other = timeline + by;
    if (this.timelines[other]?.calls.count > 0) {
      this.follow({ timeline: other, call: by > 0 ? 0 : this.timelines[other].calls.count - 1 });
    }
  }

  followFirstSeen() {
    const band = this.layout.bands.find((candidate) => candidate.top + candidate.height > this.parts.frame.scrollTop &&
      this.timelines[candidate.timeline].calls.count > 0);
    if (band) {
      const { begin, count } = this.timelines[band.timeline].calls;
      const call = begin.findIndex((time) => time >= this.view.begin);
      this.follow({ timeline: band.timeline, call: call < 0 ? count - 1 : call });
    }
  }

  /** The call under a place on the canvas, or null. */
  callUnder(x, y) {
    if (y < AXIS_HEIGHT || x < this.picture.left) {
      return null;
    }
    const top = y - AXIS_HEIGHT + this.parts.frame.scrollTop;
    const block = blockAt(this.layout, top);
    if (!block || block.kind !== "calls") {
      return null;
    }
    const row = Math.min(block.rows - 1, Math.floor((top - block.top) / block.pitch));
    // Rows that are lower than a finger or a pointer can aim at: the nearest call counts.
    const around = block.pitch >= 4 ? 0 : Math.min(block.rows, Math.ceil(4 / block.pitch));
    const call = this.rows.callAt(block, row, this.picture.timeAt(this.view, x), around);
    return call === undefined ? null : { timeline: block.timeline, call };
  }

  hover(x, y) {
    const who = this.callUnder(x, y);
    if (who?.timeline !== this.hovered?.timeline || who?.call !== this.hovered?.call) {
      this.hovered = who;
      this.requestDraw();
      if (who) {
        this.parts.tooltip.replaceChildren(...cardOf(this.timelines[who.timeline], who.call, this.timelines.length > 1));
      }
    }
    this.parts.tooltip.hidden = !who;
    if (who) {
      this.placeTooltip(x, y);
    }
  }

  placeTooltip(x, y) {
    const { tooltip, frame } = this.parts;
    const box = frame.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = tooltip;
    const page = document.documentElement.clientWidth;
    const left = box.left + x + 16 + width > page - 8 ? box.left + x - width - 16 : box.left + x + 16;
    const below = box.top + y + 18;
    const top = below + height > window.innerHeight - 8 ? box.top + y - height - 14 : below;
    tooltip.style.left = `${Math.max(8, Math.min(left, page - width - 8))}px`;
    tooltip.style.top = `${Math.max(8, top)}px`;
  }

  hideTooltip() {
    this.parts.tooltip.hidden = true;
    if (this.hovered) {
      this.hovered = null;
      this.requestDraw();
    }
  }

  // ---- listening

  listen() {
    const { frame, canvas } = this.parts;
    frame.addEventListener("scroll", () => {
      this.hideTooltip();
      this.draw();
    });
    frame.addEventListener("keydown", (event) => this.onKey(event));
    canvas.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.onDown(event));
    canvas.addEventListener("pointermove", (event) => this.onMove(event));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => this.onUp(event));
    }
    canvas.addEventListener("pointerleave", () => this.hideTooltip());
  }

  placeOf(event) {
    const box = this.parts.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  onWheel(event) {
    const { x } = this.placeOf(event);
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    const [across, along] = event.shiftKey ? [event.deltaY || event.deltaX, 0] : [event.deltaX, event.deltaY];
    const isWhole = this.view.end - this.view.begin >= this.length;
    if (Math.abs(across) > Math.abs(along)) {
      if (!isWhole) {
        event.preventDefault();
        this.show(panned(this.view, ((across * unit) / this.picture.plotWidth) * (this.view.end - this.view.begin), this.length));
      }
      return;
    }
    // With all in view, rolling away from it scrolls the page as everywhere else.
    if (along > 0 && isWhole && !event.ctrlKey) {
      return;
    }
    event.preventDefault();
    const factor = Math.exp(along * unit * WHEEL_STEP * (event.ctrlKey ? 4 : 1));
    this.show(zoomed(this.view, Math.min(4, Math.max(0.25, factor)), this.picture.timeAt(this.view, x), this.length));
    this.hideTooltip();
  }

  onDown(event) {
    if (event.button !== 0) {
      return;
    }
    this.parts.canvas.setPointerCapture(event.pointerId);
    const place = this.placeOf(event);
    this.pointers.set(event.pointerId, place);
    this.isDrag = this.pointers.size > 1;
    this.dragFrom = { ...place, view: this.view, scroll: this.parts.frame.scrollTop };
    if (this.pointers.size === 2) {
      this.pinch = this.pinchNow();
      this.pinch.view = this.view;
    }
  }

  pinchNow() {
    const [one, two] = Array.from(this.pointers.values());
    return { distance: Math.max(8, Math.hypot(one.x - two.x, one.y - two.y)), x: (one.x + two.x) / 2 };
  }

  onMove(event) {
    const place = this.placeOf(event);
    if (!this.pointers.has(event.pointerId)) {
      if (event.pointerType !== "touch") {
        this.hover(place.x, place.y);
      }
      return;
    }
    this.pointers.set(event.pointerId, place);
    if (this.pointers.size === 2) {
      const now = this.pinchNow();
      const { distance, x, view } = this.pinch;
      const at = this.picture.timeAt(view, x);
      const closer = zoomed(view, distance / now.distance, at, this.length);
      this.show(panned(closer, ((x - now.x) / this.picture.plotWidth) * (closer.end - closer.begin), this.length));
      return;
    }
    const [across, along] = [place.x - this.dragFrom.x, place.y - this.dragFrom.y];
    if (!this.isDrag && Math.hypot(across, along) < CLICK_PIXELS) {
      return;
    }
    this.isDrag = true;
    this.hideTooltip();
    this.parts.canvas.classList.add("dragged");
    const { view } = this.dragFrom;
    this.show(panned(view, (-across / this.picture.plotWidth) * (view.end - view.begin), this.length));
    if (event.pointerType !== "touch") {
      this.parts.frame.scrollTop = this.dragFrom.scroll - along;
    }
  }

  onUp(event) {
    if (!this.pointers.delete(event.pointerId)) {
      return;
    }
    this.parts.canvas.classList.remove("dragged");
    if (this.pointers.size > 0) {
      const [left] = this.pointers.values();
      this.dragFrom = { ...left, view: this.view, scroll: this.parts.frame.scrollTop };
      return;
    }
    if (!this.isDrag && event.type === "pointerup") {
      const { x, y } = this.placeOf(event);
      this.follow(this.callUnder(x, y));
    }
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const actions = {
      "+": () => this.zoom(1 / ZOOM_STEP),
      "=": () => this.zoom(1 / ZOOM_STEP),
      "-": () => this.zoom(ZOOM_STEP),
      ArrowLeft: () => this.pan(-PAN_STEP),
      ArrowRight: () => this.pan(PAN_STEP),
      ArrowUp: () => this.parts.frame.scrollBy(0, -40),
      ArrowDown: () => this.parts.frame.scrollBy(0, 40),
      0: () => this.fit(),
      Home: () => this.fit(),
      "]": () => this.setScale(this.scale * 2),
      "[": () => this.setScale(this.scale / 2),
      n: () => this.step(1),
      p: () => this.step(-1),
      Enter: () => !this.followed && this.followFirstSeen(),
      Escape: () => this.follow(null),
    };
    for (let at = 0; at < Math.min(9, this.timelines.length); ++at) {
      actions[at + 1] = () => this.span(at);
    }
    const action = actions[event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  }
}
