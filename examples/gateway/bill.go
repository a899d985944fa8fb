package main

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"sync"
)

// bill is how many requests this gateway has counted, whichever gateway served them.
type bill struct {
	mu    sync.Mutex
	items map[item]int
}

// item is what is counted apart.
type item struct {
	Route  string `json:"route"`
	Status int    `json:"status"`
}

func newBill() *bill { return &bill{items: map[item]int{}} }

// count counts a request; further routes than [routes] are one, "other".
func (b *bill) count(route string, status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := item{route, status}
	if _, known := b.items[i]; !known && len(b.items) >= routes {
		i = item{"other", 0}
	}
	b.items[i]++
}

// ServeHTTP serves the counts as JSON, the largest first.
func (b *bill) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	type counted struct {
		item
		Requests int `json:"requests"`
	}
	b.mu.Lock()
	items := maps.Clone(b.items)
	b.mu.Unlock()
	list := make([]counted, 0, len(items)) // an empty list, and no null, when there is none
	for i, n := range items {
		list = append(list, counted{i, n})
	}
	slices.SortFunc(list, func(a, b counted) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Status, b.Status))
	})
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(list) // fails only when the client has gone
}
