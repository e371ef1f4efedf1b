// What a span can be doing: its name, and its colours.
//
// Waiting is light, running is strong. The colours of two activities differ for people with red-green blindness too:
// activities_test.mjs computes it.

// In the order of trace::Activity; `data.mjs` checks the names that a page brings against these.
export const ACTIVITIES = [
  { name: "running", says: "runs", light: "#14213d", dark: "#fff3d0" },
  { name: "ready", says: "ready, while another one runs", light: "#e4632d", dark: "#ff8552" },
  { name: "dns", says: "waits for the address of the host", light: "#b7c15c", dark: "#8f8128" },
  { name: "connect", says: "waits for a connection", light: "#f2c14e", dark: "#e3c65a" },
  { name: "tls", says: "waits for the connection to be encrypted", light: "#f3a9bd", dark: "#b0637c" },
  { name: "sending", says: "waits for room to send", light: "#2f8f9d", dark: "#2fa3b5" },
  { name: "first byte", says: "waits for the first byte of the answer", light: "#a9cbee", dark: "#35527d" },
  { name: "body", says: "waits for the rest of the answer", light: "#5b8fd6", dark: "#5f95dd" },
  { name: "permit", says: "waits for a permit", light: "#dcdce2", dark: "#3b3d47" },
  { name: "back-off", says: "waits for the next attempt", light: "#7b5ea7", dark: "#b9a4e6" },
  { name: "worker", says: "waits for a thread or a process", light: "#b4b79a", dark: "#5e6152" },
  { name: "other", says: "waits for something else", light: "#96989f", dark: "#b4b6bd" },
];

export const RUNNING = 0;
export const READY = 1;

// Where there is no call: not an activity, but what the drawing takes for one.
export const IDLE = ACTIVITIES.length;

/** `#rrggbb` as three numbers. */
export function rgbOf(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}
