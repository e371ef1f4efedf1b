#!/bin/sh
# har-to-k6 0.14.16 sends another query than the browser did: of a recorded ?x=1&x=2 it makes the URL ?x=1&x=2&x=2, because it
# adds the entry's list of parameters to the URL that has them already, and compares by name. HAR has both for each request.
# Source: the script that it writes. Needs node, npm and network access to the npm registry.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts har-to-k6@0.14.16
cat >convert.mjs <<'JS'
import { liHARToK6Script } from "har-to-k6";

const request = (query) => ({
  method: "GET",
  url: "https://api.example/items" + query,
  httpVersion: "HTTP/1.1",
  headers: [],
  cookies: [],
  queryString: [...new URLSearchParams(query)].map(([name, value]) => ({ name, value })),
  headersSize: -1,
  bodySize: 0,
});
for (const query of ["?x=1&y=2", "?x=1&x=2"]) {
  const entries = [{ request: request(query) }];
  const log = { version: "1.2", creator: { name: "c", version: "1" }, entries };
  const { main } = await liHARToK6Script({ log });
  console.log(query, "->", main.match(/https:\/\/api\.example\/items[^'"`]*/)[0]);
}
JS
seen=$(node convert.mjs)
wanted='?x=1&y=2 -> https://api.example/items?x=1&y=2
?x=1&x=2 -> https://api.example/items?x=1&x=2&x=2'
if [ "$seen" = "$wanted" ]; then
    echo "as described: the second x is sent twice"
else
    printf 'changed: the URLs were\n%s\nand now are\n%s\n' "$wanted" "$seen"
    exit 1
fi
