#!/bin/sh
# @usebruno/cli 4.1.0 sends only the last of several headers with one name: of "X-Tag: one" and "X-Tag: two" in a request of a
# collection, the server gets "two", and nothing is reported. RFC 9110 section 5.3 lets fields of one name be sent several times.
# Source: the request that a local server receives. Needs node, npm and network access to the npm registry.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts @usebruno/cli@4.1.0
mkdir collection
echo '{ "version": "1", "name": "c", "type": "collection" }' >collection/bruno.json
cat >run.js <<'JS'
const { execFile } = require("child_process");
const fs = require("fs");
const http = require("http");

const seen = [];
const server = http.createServer((request, response) => {
  for (let i = 0; i < request.rawHeaders.length; i += 2)
    if (request.rawHeaders[i].toLowerCase() === "x-tag") seen.push(request.rawHeaders[i + 1]);
  response.end("ok");
});
server.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${server.address().port}/`;
  const request = `meta {\n  name: a\n  type: http\n  seq: 1\n}\n\nget {\n  url: ${url}\n}\n\nheaders {\n  X-Tag: one\n  X-Tag: two\n}\n`;
  fs.writeFileSync("collection/a.bru", request);
  execFile(process.execPath, ["../node_modules/.bin/bru", "run", "a.bru"], { cwd: "collection" }, (error) => {
    server.close();
    console.log("@usebruno/cli", require("@usebruno/cli/package.json").version, "sends X-Tag:", seen.join(" and "));
    process.exit(!error && seen.join() === "two" ? 0 : 1);
  });
});
JS
node run.js
