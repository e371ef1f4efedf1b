// How the page hears of the run, and tells it what to do.
//
// A browser opens at most six connections to a server, and an event stream keeps one as long as its tab lives. So of all tabs with this
// page one listens, the holder of a lock, and passes on what it hears; when it closes, another one takes over.

/** Calls `on.history(data)`, `on.state(data)`, `on.end(data)` and `on.connected(isConnected)`. */
export class Connection {
  constructor(on) {
    this.on = on;
    this.hasEnded = false;
    this.kept = {};
    const name = `plait ${location.pathname}`;
    this.others = new BroadcastChannel(name);
    this.others.addEventListener("message", ({ data: { kind, data } }) => this.hear(kind, data));
    this.others.postMessage({ kind: "hello" });
    navigator.locks.request(name, () => new Promise(() => this.listen()));
  }

  // Only the tab that holds the lock.
  listen() {
    if (this.hasEnded) {
      return;
    }
    this.source = new EventSource("events");
    for (const kind of ["history", "state", "end"]) {
      this.source.addEventListener(kind, (event) => this.pass(kind, JSON.parse(event.data)));
    }
    this.source.addEventListener("open", () => this.pass("connected", true));
    this.source.addEventListener("error", () => this.pass("connected", false));
  }

  pass(kind, data) {
    this.hear(kind, data);
    this.others.postMessage({ kind, data });
  }

  hear(kind, data) {
    if (kind === "hello") {
      this.greet();
      return;
    }
    if (this.hasEnded) {
      return;
    }
    this.hasEnded = kind === "end";
    this.keep(kind, data);
    this.on[kind](data);
    if (this.hasEnded) {
      this.source?.close();
    }
  }

  // What a tab that comes later must know.
  keep(kind, data) {
    if (kind === "history") {
      this.kept = { history: { ...data, samples: data.samples.slice() } };
    } else if (kind !== "connected") {
      this.kept.state = { kind, data };
      if (data.sample) {
        this.kept.history?.samples.push(data.sample);
      }
    }
  }

  greet() {
    if (!this.source || !this.kept.history) {
      return;
    }
    this.others.postMessage({ kind: "history", data: this.kept.history });
    if (this.kept.state) {
      this.others.postMessage(this.kept.state);
      this.others.postMessage({ kind: "connected", data: this.source.readyState === EventSource.OPEN });
    }
  }
}

/** Asks the run for `pause`, `resume` or `stop`. */
export async function ask(what) {
  await fetch(what, { method: "POST" });
}
