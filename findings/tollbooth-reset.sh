#!/bin/sh
# tollbooth 7.0.2 (Go) sends `RateLimit-Reset: 1` with every answer, whatever its limit: the value is a constant.
# With one request allowed per ten seconds, a client that waits the announced second is refused again, nine times.
# Source: the module's own headers, read from a server that runs it. Needs go and network access to Go modules.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/didip/tollbooth/v7"
)

func main() {
	limiter := tollbooth.NewLimiter(0.1, nil) // one request in ten seconds
	limiter.SetBurst(1)
	limited := tollbooth.LimitFuncHandler(limiter, func(http.ResponseWriter, *http.Request) {})
	ask := func() (int, string) {
		request := httptest.NewRequest("GET", "/", nil)
		request.RemoteAddr = "127.0.0.1:1"
		answer := httptest.NewRecorder()
		limited.ServeHTTP(answer, request)
		return answer.Code, answer.Header().Get("RateLimit-Reset")
	}
	status, reset := ask()
	fmt.Println(status, reset)
	time.Sleep(1100 * time.Millisecond) // a little longer than announced
	status, reset = ask()
	fmt.Println(status, reset)
}
GO
go mod init example.org/finding >/dev/null 2>&1
go get github.com/didip/tollbooth/v7@v7.0.2 >/dev/null 2>&1
seen=$(go run .)
wanted='200 1
429 1'
if [ "$seen" = "$wanted" ]; then
    echo "as described: RateLimit-Reset is 1, and a request after that second is refused"
else
    printf 'changed: status and RateLimit-Reset were\n%s\nand now are\n%s\n' "$wanted" "$seen"
    exit 1
fi
