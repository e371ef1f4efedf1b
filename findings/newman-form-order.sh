#!/bin/sh
# newman 6.2.2 sends the pairs of a form in another order than the collection has: pairs of one name are put together, at the
# place of the first. a=1, b=2, a=3 is sent as a=1&a=3&b=2, so a signature over the form, or a server that reads a list of
# records field by field (name, size, name, size), finds something else. The same pairs in a query keep their order.
# Source: the requests that a local server receives. Needs node, npm and network access to the npm registry.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts newman@6.2.2
cat >run.js <<'JS'
const http = require("http");
const newman = require("newman");

const pairs = [["a", "1"], ["b", "2"], ["a", "3"]].map(([key, value]) => ({ key, value }));
const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    response.end("ok");
    server.close();
    const query = request.url.split("?")[1];
    console.log("newman", require("newman/package.json").version, "sends the form", body, "and the query", query);
    process.exit(body === "a=1&a=3&b=2" && query === "a=1&b=2&a=3" ? 0 : 1);
  });
});
server.listen(0, "127.0.0.1", () => {
  const url = { protocol: "http", host: "127.0.0.1", port: String(server.address().port), path: ["form"], query: pairs };
  const request = { method: "POST", url, body: { mode: "urlencoded", urlencoded: pairs } };
  const schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
  newman.run({ collection: { info: { name: "c", schema }, item: [{ name: "a", request }] }, reporters: [] }, () => process.exit(1));
});
JS
node run.js
