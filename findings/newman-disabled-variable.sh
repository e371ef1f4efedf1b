#!/bin/sh
# newman 6.2.2 fills in variables of an environment that are switched off ("enabled": false): a run meant for no stage, because
# "stage" is switched off, is sent to production. Variables that a collection or an environment lacks stay as {{stage}}.
# Source: the requests that a local server receives. Needs node, npm and network access to the npm registry.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts newman@6.2.2
cat >run.js <<'JS'
const http = require("http");
const newman = require("newman");

const paths = [];
const server = http.createServer((request, response) => {
  paths.push(request.url);
  response.end("ok");
});
server.listen(0, "127.0.0.1", () => {
  const item = { name: "a", request: { method: "GET", url: `http://127.0.0.1:${server.address().port}/{{stage}}/{{none}}` } };
  const schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
  const environment = { name: "e", values: [{ key: "stage", value: "production", enabled: false }] };
  newman.run({ collection: { info: { name: "c", schema }, item: [item] }, environment, reporters: [] }, () => {
    server.close();
    console.log("newman", require("newman/package.json").version, "with stage switched off asks for", paths[0]);
    process.exit(paths[0] === "/production/%7B%7Bnone%7D%7D" ? 0 : 1);
  });
});
JS
node run.js
