"""A file of each real tool, and the requests that the tool sends for it."""

import base64
import gzip
import json
import re
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

TOOLS = Path()

TOKEN = "Zx81TokenOfNobody"


@dataclass
class Case:
    name: str
    # Runs the tool in this folder against the server at this URL. Returns the files to convert; None without the tool.
    make: Callable
    arguments: tuple = ()
    # Reasons for what can't be converted, in order.
    refused: tuple = ()
    # The values of secrets, by the end of their names.
    secrets: dict = field(default_factory=dict)
    # Further header fields that are not compared, with the reason beside them.
    free: set = frozenset()
    # Whether the file has the fields in the order in which they were sent.
    is_ordered: bool = True
    counts: Callable = lambda request: True


def run(*arguments, **options):
    return subprocess.run([str(a) for a in arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def node(script, folder, *arguments):
    (folder / "drive.js").write_text(script)
    run("node", "drive.js", *arguments, cwd=folder, env={"NODE_PATH": str(TOOLS / "node_modules"), "PATH": "/usr/bin:/bin", "HOME": str(folder)})
    (folder / "drive.js").unlink()


def has_node(name):
    return (TOOLS / "node_modules" / name).exists()


SCRIPT = r"""#!/bin/bash
TOKEN=%(token)s
curl -s '%(url)s/items?x=1&api_key=%(token)s' -H 'Accept: application/json' -H "Authorization: Bearer $TOKEN" \
  -b 'sid=1234; theme=dark' --data-raw $'{"a":"it\'s \u0021 \xc3\xa9 \t"}' -H 'content-type: application/json' --compressed
curl -u alice:wonderland -d a=1 -d 'b=x y' --data-urlencode 'c=d e&f' --data @data.bin --data-binary @data.bin %(url)s/form | cat
curl "%(url)s/{a,b}/[1-3]" -X DELETE -A tester
curl -G -d q=1 -d 'r=2' %(url)s/get/../up --url-query ignored=1
curl --json '{"n":' --json '1}' %(url)s/json
curl -F 'f=@text.txt;filename=x.txt' -F n=7 -F 'm=<text.txt' -F 'j={"a":1};type=application/json' %(url)s/upload > /dev/null
curl -sI %(url)s/head --next -T data.bin %(url)s/put/ --next -e http://a.example -r 0-9 -H 'X-Empty;' -H 'X-A: 1' -H 'X-A: 2' %(url)s/last
curl -g '%(url)s/[x]?a=%%5B1%%5D#fragment'
"""


def make_curl(folder, url):
    (folder / "data.bin").write_bytes(b"one=1\r\n\xfftwo\n")
    (folder / "text.txt").write_text("one\ntwo")
    (folder / "calls.sh").write_text(SCRIPT % {"url": url, "token": TOKEN})
    run("bash", "calls.sh", cwd=folder)
    return ["calls.sh"]


CONFIG = r'''# requests
url = "%(url)s/a[1-2]/{x,y}"
-H "X-Quoted: a \"b\" \\ c"
request: PATCH
data = one=1
data = "two=2"
data unquoted=3 and the rest is dropped
next
url %(url)s/b
get
data-urlencode = "q=a b/c"
next
--url "%(url)s/c"
json = "{\"n\": 1}"
oauth2-bearer = %(token)s
'''


def make_config(folder, url):
    (folder / "calls.conf").write_text(CONFIG % {"url": url, "token": TOKEN})
    run("curl", "-s", "-K", "calls.conf", cwd=folder)
    return ["calls.conf"]


PAGE = r"""
const {chromium} = require('playwright-core');
(async () => {
  const [url, how] = process.argv.slice(2);
  const browser = await chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox']});
  const context = await browser.newContext({recordHar: {path: how == 'attach' ? 'page.zip' : 'page.har', content: how, mode: 'full'}});
  const page = await context.newPage();
  await page.goto(url + '/page');
  await page.evaluate(async url => {
    const send = (path, options) => fetch(url + path, options);
    await send('/json?q=a%20b&x=1&x=2', {method: 'POST', headers: {'Content-Type': 'application/json', 'X-A': '1'}, body: '{"a": "\u00e9\u4e2d"}'});
    await send('/form', {method: 'POST', body: new URLSearchParams({a: '\u00e9 b', c: '&'})});
    await send('/text', {method: 'PUT', body: 'caf\u00e9\nline'});
    await send('/auth', {headers: {Authorization: 'Bearer Zx81TokenOfNobody'}});
    await send('/delete', {method: 'DELETE'});
    await send('/redirect?1', {method: 'POST', body: 'again'});
    await send('/bytes', {method: 'POST', body: new Uint8Array([0, 255, 254, 65])});
    await send('/blob', {method: 'POST', body: new Blob(['abc'])});
    const form = new FormData(); form.append('f', new Blob(['abc']), 'a.txt'); form.append('n', '1');
    await send('/upload', {method: 'POST', body: form});
  }, url);
  await context.close(); await browser.close();
})().catch(error => { console.error(error); process.exit(1); });
"""


def make_page(how):
    def make(folder, url):
        if not has_node("playwright-core") or not shutil.which("chromium"):
            return None
        node(PAGE, folder, url, how)
        if how != "attach":
            return ["page.har"]
        shutil.unpack_archive(folder / "page.zip", folder / "har")
        return ["har/har.har"]
    return make


# The browser serves its developer tools itself. A second page is these tools for the first one, and makes the commands
# with the function behind "Copy all as cURL".
COPY = r"""
const {chromium} = require('playwright-core'), fs = require('fs');
(async () => {
  const [url, port] = process.argv.slice(2), own = `127.0.0.1:${port}`;
  const browser = await chromium.launch({executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', `--remote-debugging-port=${port}`, '--remote-allow-origins=*']});
  const page = await browser.newPage();
  await page.goto(url + '/page');
  const target = (await (await fetch(`http://${own}/json/list`)).json()).find(one => one.url == url + '/page');
  const tools = await (await browser.newContext()).newPage();
  await tools.goto(`http://${own}/devtools/devtools_app.html?ws=${own}/devtools/page/${target.id}&panel=network`);
  const count = () => tools.evaluate(async () => {
    globalThis.network = (await import('/devtools/panels/network/network.js')).NetworkLogView.NetworkLogView;
    globalThis.requests = () => logs.NetworkLog.NetworkLog.instance().requests().filter(one => !one.url().endsWith('/probe'));
    globalThis.logs = await import('/devtools/models/logs/logs.js');
    return logs.NetworkLog.NetworkLog.instance().requests().length;
  });
  do await page.evaluate(() => fetch('/probe')); while (await count() == 0);
  await page.evaluate(async () => {
    document.cookie = 'sid=1234';
    const send = (path, options) => fetch(path, options);
    await send('/json?q=a%20b&x=[1]&x=%7B', {method: 'POST', headers: {'Content-Type': 'application/json', 'X-A': '1'}, body: '{"a": "\u00e9\u4e2d"}'});
    await send('/form', {method: 'POST', body: new URLSearchParams({a: '\u00e9 b', c: '&'})});
    await send('/text', {method: 'PUT', body: 'caf\u00e9\n\'!" $HOME `x` \\n \u0001 \ud83d\ude00 @file'});
    await send('/at', {method: 'POST', body: '@file'});
    await send('/auth', {headers: {Authorization: 'Bearer Zx81TokenOfNobody'}});
    await send('/delete', {method: 'DELETE'});
    await send('/empty', {method: 'POST'});
    await send('/head', {method: 'HEAD'});
  });
  while (await tools.evaluate(() => requests().filter(one => one.finished).length) < 8) await new Promise(go => setTimeout(go, 50));
  fs.writeFileSync('copied.sh', await tools.evaluate(() => network.prototype.generateAllCurlCommand.call(network.prototype, requests(), 'unix')));
  await browser.close();
})().catch(error => { console.error(error); process.exit(1); });
"""


def make_copied(folder, url):
    if not has_node("playwright-core") or not shutil.which("chromium"):
        return None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    node(COPY, folder, url, port)
    return ["copied.sh"]


def make_mitmproxy(folder, url):
    program = TOOLS / "python/bin/mitmdump"
    if not program.exists():
        return None
    proxy = subprocess.Popen([program, "--mode", "regular@127.0.0.1:0", "--set", "hardump=flows.har", "--set", f"confdir={folder}"], cwd=folder,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        listening = next(line for line in proxy.stdout if "listening at" in line)
        address = re.search(r"127\.0\.0\.1:\d+", listening)[0]
        (folder / "bytes").write_bytes(bytes(range(256)))
        (folder / "packed").write_bytes(gzip.compress(b'{"a": "packed"}'))
        as_json = ("-H", "Content-Type: application/json")
        calls = [("json", *as_json, "-d", '{"a": "\u00e9\u4e2d"}'), ("form", "-d", "a=\u00e9&b=%26"), ("bytes", "--data-binary", "@bytes"),
                 ("upload", "-F", "f=@bytes", "-F", "n=1"), ("broken", *as_json, "--data-binary", "@bytes"),
                 ("packed", *as_json, "-H", "Content-Encoding: gzip", "--data-binary", "@packed"), ("guarded", "-X", "PUT", "-H", 'If-Match: "a"'),
                 ("auth", "-u", "alice:wonderland", "-H", "Proxy-Connection: keep-alive")]
        for path, *arguments in calls:
            run("curl", "-s", "--proxy", f"http://{address}", *arguments, f"{url}/{path}", cwd=folder)
    finally:
        proxy.send_signal(signal.SIGINT)
        proxy.communicate(timeout=60)
    return ["flows.har"]


def make_vegeta_http(folder, url):
    return make_vegeta(folder, "http", f"""GET {url}/a?x=1
X-A: 1
x-lower: 2
X-A: 3
Authorization: Bearer {TOKEN}

# a comment
POST {url}/b
Content-Type: application/json
@body
DELETE {url}/c
PUT {url}/d
@bytes
""", 4)


def make_vegeta_json(folder, url):
    return make_vegeta(folder, "json", f"""{{"method":"POST","url":"{url}/j","body":"eyJhIjoxfQ==","header":{{"X-A":["1","2"],"Content-Type":["application/json"]}}}}
{{"method":"PATCH","url":"{url}/k","body":"AP/+"}}
{{"method":"GET","url":"{url}/l"}}
""", 3)


def make_vegeta(folder, form, targets, count):
    program = TOOLS / "bin/vegeta"
    if not program.exists():
        return None
    (folder / "body").write_text('{"a": 2}\n')
    (folder / "bytes").write_bytes(bytes(range(256)))
    (folder / "targets").write_text(targets)
    run(program, "attack", f"-format={form}", "-targets", "targets", "-rate", "10", "-duration", f"{count * 100}ms", cwd=folder)
    return ["targets"]


def make_siege(folder, url):
    if not shutil.which("siege"):
        return None
    for name, content in (("d.json", '{"a": 2}\n'), ("d.txt", "x=1\ny\n\n"), ("plain", "x\n")):
        (folder / name).write_text(content)
    (folder / "urls.siege").write_text(f"""HOST={url}
# a comment
$(HOST)/a?x=1
{url}/b POST a=1&b=x y
{url}/c POST <d.json
{url}/d PUT   {{"a": 1}}
{url.removeprefix("http://")}/e
{url}/f DELETE
{url}/sp ace?q=a b
{url}/g/../h%zz|"<>^`[y]
{url}/i PATCH x
${{HOST}}/k OPTIONS
{url}/l POST
{url}/m POST <d.txt
{url}/n POST <plain
""")
    run("siege", "-f", "urls.siege", "-r", "once", "-c", "1", cwd=folder, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"})
    return ["urls.siege"]


def make_wget(folder, url):
    (folder / "urls.wget").write_text(f"""  {url}/a b?q=x y
# asked as a host
{url}/\u00e9?\u00fc={{x}}|"<>^`\\[y]~%zz%41
{url.removeprefix("http://")}/c/../d/./e/..

{url}/e#fragment
""")
    subprocess.run(["wget", "-q", "-t", "1", "-O", "/dev/null", "-i", "urls.wget"], cwd=folder)
    return ["urls.wget"]


def make_aria2(folder, url):
    if not shutil.which("aria2c"):
        return None
    (folder / "urls.aria2").write_text(f"""# a comment
{url}/a b?q=x\t{url}/mirror
  header=X-A: 1
  header=X-B: 2
  out=o1
{url}/\u00e9"<>[y]~#fragment
\tout=o2
 user-agent=tester
 referer=http://r.example/
{url}/c/../d
 out=o3
 http-user=alice
 http-passwd=wonderland
""")
    run("aria2c", "-q", "-j1", "--no-conf", "-i", "urls.aria2", cwd=folder)
    return ["urls.aria2"]


COLLECTION = r"""
const fs = require('fs'), {Collection} = require('postman-collection');
const base = process.argv[2];
const login = (type, values) => ({type, [type]: Object.entries(values).map(([key, value]) => ({key, value}))});
const item = (name, method, path, more = {}, extra = {}) => ({name, request: {method, url: '{{base}}' + path, ...more}, ...extra});
fs.writeFileSync('f.txt', 'text of a file\n');
const collection = new Collection({info: {name: 'Calls', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'},
  auth: login('bearer', {token: '{{token}}'}),
  variable: [{key: 'base', value: 'http://{{host}}'}, {key: 'host', value: base.replace('http://', '')}, {key: 'token', value: 'unused'}],
  item: [
    {name: 'Users', auth: login('basic', {username: 'alice', password: 'wonderland'}), item: [
      item('Get', 'GET', '/users/:id/b c/:none?x=1 é%27"<>&y&z=&&off=1'.replace('&&off=1', ''), {header: [{key: 'X-A', value: '1'},
        {key: 'X-A', value: '2'}, {key: 'X-Off', value: '1', disabled: true}]}),
      {name: 'Parts', request: {method: 'GET', url: {protocol: 'http', host: ['{{host}}'], path: ['users', ':id', 'a b', ':none'],
        query: [{key: 'x', value: "1 '#&=+?/"}, {key: 'off', value: '1', disabled: true}, {key: 'y', value: null}, {key: 'k =', value: ''}],
        variable: [{key: 'id', value: '7/8 é'}]}}}]},
    item('JSON', 'POST', '/json', {auth: {type: 'noauth'}, body: {mode: 'raw', raw: '{\n  "host": "{{host}}"\n}', options: {raw: {language: 'json'}}}}),
    item('Text', 'PUT', '/text', {body: {mode: 'raw', raw: 'text'}}),
    item('Form', 'POST', '/form', {body: {mode: 'urlencoded', urlencoded: [{key: 'a', value: "1 é&=+*~'()!"}, {key: 'b', value: ''},
      {key: 'off', value: '1', disabled: true}, {key: 'a', value: '2'}]}}),
    item('Upload', 'POST', '/upload', {body: {mode: 'formdata', formdata: [{key: 'n', value: '1', type: 'text'}, {key: 'f', type: 'file', src: 'f.txt'},
      {key: 'j', value: '{}', type: 'text', contentType: 'application/json'}]}}),
    item('File', 'POST', '/file', {body: {mode: 'file', file: {src: 'f.txt'}}}),
    item('GraphQL', 'POST', '/graphql', {body: {mode: 'graphql', graphql: {query: '{ x(a: "1") }', variables: '{"a": 1}'}}}),
    item('Key', 'GET', '/key', {auth: login('apikey', {key: 'X-Api-Key', value: 'Zx81TokenOfNobody', in: 'header'})}),
    item('Pruned', 'GET', '/pruned', {body: {mode: 'raw', raw: 'text'}}),
    item('Kept', 'GET', '/kept', {body: {mode: 'raw', raw: 'text'}}, {protocolProfileBehavior: {disableBodyPruning: true}}),
    item('Unset', 'GET', '/{{unset}}'),
    item('Digest', 'GET', '/digest', {auth: login('digest', {username: 'a', password: 'b'})}),
  ]});
fs.writeFileSync('calls.postman.json', JSON.stringify(collection.toJSON(), null, 1));
fs.writeFileSync('environment.json', JSON.stringify({name: 'E', values: [{key: 'token', value: 'Zx81TokenOfNobody', enabled: true}]}));
"""


def make_postman(folder, url):
    if not has_node("newman"):
        return None
    node(COLLECTION, folder, url)
    subprocess.run([TOOLS / "node_modules/.bin/newman", "run", "calls.postman.json", "-e", "environment.json", "--working-dir", folder],
                   cwd=folder, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"}, stdout=subprocess.DEVNULL)
    return ["calls.postman.json"]


BRU = {
    "bruno.json": '{"version": "1", "name": "Calls", "type": "collection"}',
    "collection.bru": """headers {
  X-Collection: 1
}

auth {
  mode: bearer
}

auth:bearer {
  token: {{token}}
}

vars:pre-request {
  base: URL
}
""",
    "environments/local.bru": "vars {\n  token: Zx81TokenOfNobody\n}\n",
    "a.bru": """meta {
  name: Get
  type: http
  seq: 1
}

get {
  url: {{base}}/users/:id/../:id?x=1&y=a b&off=2
  body: none
  auth: inherit
}

params:query {
  x: 1
  ~off: 2
}

params:path {
  id: 7/8 \u00e9
}

headers {
  X-A: 1
  ~X-Off: 2
  X-A: 3
}
""",
    "b.bru": """meta {
  name: JSON
  type: http
  seq: 2
}

post {
  url: {{base}}/json
  body: json
  auth: basic
}

auth:basic {
  username: alice
  password: wonderland
}

body:json {
  {
    "a": "\u00e9",
    "b": {
      "c": 1
    }
  }
}
""",
    "c.bru": """meta {
  name: Form
  type: http
  seq: 3
}

put {
  url: {{base}}/form
  body: formUrlEncoded
  auth: none
}

body:form-urlencoded {
  a: 1 \u00e9&=+*~'()!
  ~off: 1
  b:
  a: 2
}
""",
    "d.bru": """meta {
  name: Upload
  type: http
  seq: 4
}

post {
  url: {{base}}/upload
  body: multipartForm
  auth: none
}

body:multipart-form {
  n: 1
  f: @file(f.txt)
  j: {} @contentType(application/json)
}
""",
    "e.bru": """meta {
  name: GraphQL
  type: graphql
  seq: 5
}

post {
  url: {{base}}/graphql
  body: graphql
  auth: apikey
}

auth:apikey {
  key: X-Api-Key
  value: Zx81TokenOfNobody
  placement: header
}

body:graphql {
  query {
    a
  }
}

body:graphql:vars {
  {
    "a": 1
  }
}
""",
    "f.bru": """meta {
  name: File
  type: http
  seq: 6
}

post {
  url: {{base}}/file
  body: file
  auth: none
}

body:file {
  file: @file(f.txt) @contentType(text/plain)
}
""",
    "z/folder.bru": """meta {
  name: z
}

headers {
  X-Folder: 1
}

auth {
  mode: basic
}

auth:basic {
  username: alice
  password: wonderland
}
""",
    "z/g.bru": """meta {
  name: Delete
  type: http
  seq: 7
}

delete {
  url: {{base}}/delete
  body: none
  auth: inherit
}
""",
    "f.txt": "text of a file\n",
}


def make_bruno(folder, url):
    if not has_node("@usebruno/cli"):
        return None
    for name, text in BRU.items():
        path = folder / "calls" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("URL", url))
    # One after another, in the order in which `plait convert` takes the folder.
    for file in sorted(path for path in (folder / "calls").rglob("?.bru")):
        subprocess.run([TOOLS / "node_modules/.bin/bru", "run", file.relative_to(folder / "calls"), "--env", "local"], cwd=folder / "calls",
                       env={"HOME": str(folder), "PATH": "/usr/bin:/bin"}, stdout=subprocess.DEVNULL, timeout=60)
    return ["calls"]


HTTP_FILE = """@base = URL
@token = Zx81TokenOfNobody
# a comment
### first
GET {{base}}/get
    ?x=1
    &y=a b
X-A: 1
Authorization: Bearer {{token}}

###
# @name json
POST {{base}}/json HTTP/1.1
Content-Type: application/json

{
  "base": "{{base}}"
}

> {% console.log(1) %}

###
{{base}}/alone

###
POST {{base}}/form
Content-Type: application/x-www-form-urlencoded

a=1 \u00e9
&b=2+3

###
PUT {{base}}/file
Content-Type: text/plain

< ./f.txt

###
POST {{base}}/basic
Authorization: Basic alice wonderland

text

with a blank line

###
DELETE {{base}}/delete?\u00e9=a b#fragment
// a comment
X-B:2

###
PATCH {{base}}/multi
Content-Type: multipart/form-data; boundary=XX

--XX
Content-Disposition: form-data; name="n"

1
--XX
Content-Disposition: form-data; name="f"; filename="f.txt"

< ./f.txt
--XX--
"""


def make_http_file(folder, url):
    if not has_node("httpyac"):
        return None
    (folder / "f.txt").write_text("text of a file\n")
    (folder / "calls.http").write_text(HTTP_FILE.replace("URL", url))
    run(TOOLS / "node_modules/.bin/httpyac", "send", "calls.http", "--all", cwd=folder, stdin=subprocess.DEVNULL, timeout=60,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"})
    return ["calls.http"]


# Insomnia's own names of fields, which are the same in versions 4 and 5 of its format.
INSOMNIA = [
    {"url": "{{ _.server.url }}/users/a b/\u00e9/../x;(y)?x=1&y=a b+c&t=10:30;%41#fragment",
     "parameters": [{"name": "q", "value": "1 & \u00e9+/'()"}, {"name": "off", "value": "1", "disabled": True}, {"name": "a[]", "value": "1,2 %2C"}],
     "headers": [{"name": "X-A", "value": "1"}, {"name": "X-A", "value": "2"}, {"name": "X-Off", "value": "1", "disabled": True}]},
    {"method": "POST", "headers": [{"name": "Content-Type", "value": "application/x-www-form-urlencoded"}],
     "body": {"mimeType": "application/x-www-form-urlencoded",
              "params": [{"name": "a", "value": "1 \u00e9+&'"}, {"name": "b", "value": "c", "disabled": True}, {"name": "d", "value": ""}]}},
    {"method": "POST", "headers": [{"name": "Content-Type", "value": "application/json"}],
     "body": {"mimeType": "application/json", "text": "{\"u\": \"{{ _.server.url }}\",\n \"n\": 1.0}"},
     "authentication": {"type": "bearer", "token": "{{ _.token }}"}},
    {"method": "POST", "body": {"mimeType": "multipart/form-data", "params": [
        {"name": "a", "value": "1 \u00e9"}, {"name": "f", "type": "file", "fileName": "f.txt"}]}},
    {"method": "PUT", "body": {"mimeType": "application/octet-stream", "fileName": "f.txt"},
     "authentication": {"type": "basic", "username": "alice", "password": "wonderland"}},
    {"method": "POST", "body": {"mimeType": "application/graphql", "text": "{\"query\":\"{a}\"}"}},
    {"method": "PATCH", "headers": [{"name": "authorization", "value": "Bearer {{ _.token }}"}], "body": {"mimeType": "text/plain", "text": "a"},
     "authentication": {"type": "basic", "username": "alice", "password": "wonderland"}},
    {"method": "DELETE", "authentication": {"type": "bearer", "token": "{{ _.token }}", "prefix": "Token"}},
    {"settings": {"encodeUrl": False}, "url": "{{ _.server.url }}/raw;?t=10:30;'x'+y"},
    {"authentication": {"type": "basic", "username": "alice", "password": "wonderland", "disabled": True}},
]


def make_insomnia(folder, url):
    """The newest command of Insomnia on npm, of 2022, sends a file of version 4, in tests. The same requests as version 5 are converted."""
    if not has_node("@getinsomnia/node-libcurl/lib/binding"):
        return None
    (folder / "f.txt").write_text("hello\n")
    data = {"server": {"url": url}, "token": TOKEN}
    old = [{"_id": "wrk_1", "_type": "workspace", "name": "Calls", "scope": "design"},
           {"_id": "spc_1", "_type": "api_spec", "parentId": "wrk_1", "fileName": "Calls"},
           {"_id": "env_1", "_type": "environment", "parentId": "wrk_1", "name": "Base", "data": data},
           {"_id": "env_2", "_type": "environment", "parentId": "env_1", "name": "Sub", "data": {}},
           {"_id": "uts_1", "_type": "unit_test_suite", "parentId": "wrk_1", "name": "All"}]
    new = []
    for n, given in enumerate(INSOMNIA, 1):
        request = {"name": f"r{n}", "method": "GET", "url": "{{ _.server.url }}/a", "headers": [], "parameters": [], "body": {},
                   "authentication": {}, **given}
        settings = {f"setting{name[0].upper()}{name[1:]}": value for name, value in given.get("settings", {}).items()}
        old.append({"_id": f"req_{n}", "_type": "request", "parentId": "wrk_1", **request, **settings})
        old.append({"_id": f"ut_{n}", "_type": "unit_test", "parentId": "uts_1", "requestId": f"req_{n}", "name": f"r{n}",
                    "code": f"await insomnia.send('req_{n}')"})
        new.append({**request, "meta": {"id": f"req_{n}", "sortKey": n}})
    (folder / "old.json").write_text(json.dumps({"_type": "export", "__export_format": 4, "resources": old}))
    (folder / "calls.yaml").write_text("type: collection.insomnia.rest/5.0\nname: Calls\n"
                                       f"collection: {json.dumps(new)}\nenvironments: {json.dumps({'name': 'Base', 'data': data})}\n")
    run(TOOLS / "node_modules/.bin/inso", "run", "test", "--ci", "--src", "old.json", "-e", "env_2", "All", cwd=folder,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"})
    return ["calls.yaml"]


def is_text(request):
    return request[1] not in ("/bytes", "/blob", "/upload", "/favicon.ico")


NO_BINARY = "browsers record neither files nor binary data"

CASES = [
    Case("curl", make_curl, secrets={"API_KEY": TOKEN, "TOKEN": TOKEN, "COOKIE": "sid=1234; theme=dark",
                                     "BASIC": base64.b64encode(b"alice:wonderland").decode()}),
    Case("curl -K", make_config, secrets={"TOKEN": TOKEN}),
    Case("HAR of Chromium", make_page("embed"), secrets={"TOKEN": TOKEN}, refused=(NO_BINARY,) * 3, is_ordered=False, counts=is_text),
    Case("HAR of Chromium, attached", make_page("attach"), secrets={"TOKEN": TOKEN}, refused=(NO_BINARY,) * 2, is_ordered=False,
         counts=lambda request: is_text(request) or request[1] == "/bytes"),
    # The tools sort the fields.
    Case("Copy as cURL of Chromium", make_copied, secrets={"TOKEN": TOKEN, "COOKIE": "sid=1234"}, is_ordered=False,
         counts=lambda request: request[1] not in ("/page", "/probe", "/favicon.ico") and not request[1].startswith("/.well-known")),
    Case("HAR of mitmproxy", make_mitmproxy, secrets={"BASIC": base64.b64encode(b"alice:wonderland").decode()},
         refused=("it was binary, or cut",), counts=lambda request: request[1] not in ("/broken", "/packed")),
    # vegeta counts what it sends, and Go sorts the fields.
    Case("vegeta, http", make_vegeta_http, secrets={"TOKEN": TOKEN}, is_ordered=False, free={"x-vegeta-seq"}),
    Case("vegeta, json", make_vegeta_json, is_ordered=False, free={"x-vegeta-seq"}),
    Case("siege", make_siege),
    Case("wget", make_wget),
    # What aria2 sends with each request.
    Case("aria2", make_aria2, secrets={"BASIC": base64.b64encode(b"alice:wonderland").decode()}, free={"accept", "want-digest"}),
    Case("Postman", make_postman, arguments=("--environment", "environment.json"), free={"postman-token", "cache-control"},
         secrets={"TOKEN": TOKEN, "API_KEY": TOKEN, "BASIC": base64.b64encode(b"alice:wonderland").decode()},
         refused=("{{unset}} has no value", "its login is digest"), counts=lambda request: request[1] not in ("/%7B%7Bunset%7D%7D", "/digest")),
    Case("Bruno", make_bruno, arguments=("--environment", "calls/environments/local.bru"), is_ordered=False,
         free={"accept", "request-start-time"},
         secrets={"TOKEN": TOKEN, "API_KEY": TOKEN, "BASIC": base64.b64encode(b"alice:wonderland").decode()}),
    Case("Insomnia", make_insomnia, secrets={"TOKEN": TOKEN, "BASIC": base64.b64encode(b"alice:wonderland").decode()}),
    Case("http", make_http_file, secrets={"TOKEN": TOKEN, "BASIC": base64.b64encode(b"alice:wonderland").decode()}),
]
