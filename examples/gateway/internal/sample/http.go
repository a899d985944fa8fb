// Package sample holds the services that the gateway fronts where it is not told of another.
package sample

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"
)

// NewMux makes a service that greets, and shows how a service can be: now and then it is slow, or fails.
func NewMux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "Hello from the sample upstream.")
	})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(20*time.Millisecond + rand.N(130*time.Millisecond)):
			fmt.Fprintln(w, "That took a while.")
		case <-r.Context().Done():
		}
	})
	var asked atomic.Int64
	mux.HandleFunc("GET /flaky", func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1)%3 == 1 {
			http.Error(w, "Not this time.", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "It worked.")
	})
	mux.HandleFunc("POST /broken", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "This never works.", http.StatusInternalServerError)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "This is the sample upstream. Try /hello, /slow, /flaky, or POST /broken.")
	})
	return mux
}
