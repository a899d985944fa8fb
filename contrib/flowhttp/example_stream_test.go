package flowhttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/streams"
)

type order struct {
	ID    string  `json:"id"`
	Price float64 `json:"price"`
}

func ExampleNDJSON() {
	body := strings.NewReader(`{"id":"a","price":3}` + "\n" + `{"id":"b","price":5}` + "\n")
	for o, err := range flowhttp.NDJSON[order](body).Seq(context.Background()) {
		fmt.Println(o.ID, o.Price, err)
	}
	// Output:
	// a 3 <nil>
	// b 5 <nil>
}

// A handler that takes a stream of items and answers each as soon as it is done with it.
func ExampleWriteNDJSON() {
	discount := func(_ context.Context, o order) (order, error) {
		o.Price *= 0.9
		return o, nil
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		orders := streams.Map(flowhttp.NDJSON[order](r.Body), discount)
		if err := flowhttp.WriteNDJSON(w, r, orders); err != nil {
			http.Error(w, "bad order", http.StatusBadRequest) // only sent if nothing else was
		}
	}))
	defer server.Close()

	ctx := context.Background()
	body := flowhttp.NDJSONBody(ctx, streams.FromSlice([]order{{"a", 30}, {"b", 50}}))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, body)
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	res, err := server.Client().Do(r)
	if err != nil {
		panic(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	fmt.Print(string(answer), err)
	// Output:
	// {"id":"a","price":27}
	// {"id":"b","price":45}
	// <nil>
}

func ExampleNDJSONBody() {
	body := flowhttp.NDJSONBody(context.Background(), streams.FromSlice([]int{1, 2, 3}))
	sent, err := io.ReadAll(body) // as a client does that sends it
	fmt.Printf("%q %v\n", sent, err)
	// Output: "1\n2\n3\n" <nil>
}

func ExampleEvents() {
	body := strings.NewReader("event: price\ndata: 3\ndata: euros\nid: 7\n\n")
	for e, err := range flowhttp.Events(body).Seq(context.Background()) {
		fmt.Printf("%s %s %q %v\n", e.ID, e.Type, e.Data, err)
	}
	// Output: 7 price "3\neuros" <nil>
}

func ExampleWriteEvents() {
	prices := streams.FromSlice([]int{3, 4})
	event := func(_ context.Context, price int) (flowhttp.Event, error) {
		return flowhttp.Event{Type: "price", Data: fmt.Sprint(price)}, nil
	}
	feed := func(w http.ResponseWriter, r *http.Request) {
		_ = flowhttp.WriteEvents(w, r, streams.Map(prices, event)) // the client was told
	}
	w := httptest.NewRecorder()
	feed(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/prices", http.NoBody))
	fmt.Println(w.Header().Get("Content-Type"))
	fmt.Print(w.Body.String())
	// Output:
	// text/event-stream
	// event: price
	// data: 3
	//
	// event: price
	// data: 4
}

// A feed that breaks off after each event: the client goes on from the last one.
func ExampleSubscribe() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Last-Event-ID") {
		case "":
			_ = flowhttp.WriteEvents(w, r, streams.FromSlice([]flowhttp.Event{{ID: "1", Data: "first", Retry: 1}}))
		case "1":
			_ = flowhttp.WriteEvents(w, r, streams.FromSlice([]flowhttp.Event{{ID: "2", Data: "second"}}))
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	defer server.Close()

	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		panic(err)
	}
	for e, err := range flowhttp.Subscribe(server.Client(), r, flowhttp.SubscribeConfig{}).Seq(context.Background()) {
		fmt.Println(e.ID, e.Data, err)
	}
	// Output:
	// 1 first <nil>
	// 2 second <nil>
}
