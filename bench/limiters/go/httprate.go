// The limiter go-chi/httprate, which lets 40 requests in a window in. Prints its address.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/go-chi/httprate"
)

func main() {
	window, err := time.ParseDuration(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "xx") })
	log.Fatal(http.Serve(listener, httprate.Limit(40, window)(answer)))
}
