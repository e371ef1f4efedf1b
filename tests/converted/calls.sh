#!/bin/bash
TOKEN=Zx81TokenOfNobody
curl -s 'http://127.0.0.1:8901/items?x=1&api_key=Zx81TokenOfNobody' -H 'Accept: application/json' -H "Authorization: Bearer $TOKEN" \
  -b 'sid=1234; theme=dark' --data-raw $'{"a":"it\'s \u0021 \xc3\xa9 \t"}' -H 'content-type: application/json' --compressed
curl -u alice:wonderland -d a=1 -d 'b=x y' --data-urlencode 'c=d e&f' --data @data.bin --data-binary @data.bin http://127.0.0.1:8901/form | cat
curl "http://127.0.0.1:8901/{a,b}/[1-3]" -X DELETE -A tester
curl -G -d q=1 -d 'r=2' http://127.0.0.1:8901/get/../up --url-query ignored=1
curl --json '{"n":' --json '1}' http://127.0.0.1:8901/json
curl -F 'f=@text.txt;filename=x.txt' -F n=7 -F 'm=<text.txt' -F 'j={"a":1};type=application/json' http://127.0.0.1:8901/upload > /dev/null
curl -sI http://127.0.0.1:8901/head --next -T data.bin http://127.0.0.1:8901/put/ --next -e http://a.example -r 0-9 -H 'X-Empty;' -H 'X-A: 1' -H 'X-A: 2' http://127.0.0.1:8901/last
curl -g 'http://127.0.0.1:8901/[x]?a=%5B1%5D#fragment'
