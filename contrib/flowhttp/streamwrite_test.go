package flowhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// failingStream gives 1 and then an error, or the error alone.
func failingStream(first bool) streams.Stream[int] {
	return streams.FromSeq2(func(yield func(int, error) bool) {
		_ = (!first || yield(1, nil)) && yield(0, errBoom)
	})
}

// bodyOf asks c for url, and gives a body for a stream to close.
func bodyOf(t *testing.T, c *http.Client, url string) io.ReadCloser {
	t.Helper()
	res := open(t, c, url)
	t.Cleanup(func() { _ = res.Body.Close() })
	return res.Body
}

func TestEventsAreSentAsTheyCome(t *testing.T) {
	t.Parallel()
	in := make(chan flowhttp.Event)
	var inUse gauge
	s, c := serve(t, guarded(t, &inUse, func(w http.ResponseWriter, r *http.Request) {
		if err := flowhttp.WriteEvents(w, r, streams.FromChannel(in)); err != nil {
			t.Error(err)
		}
	}))
	res := open(t, c, s.URL) // the header is there before the first event
	defer func() { _ = res.Body.Close() }()
	if kind := res.Header.Get("Content-Type"); kind != "text/event-stream" || inUse.inUse.Load() != 1 {
		t.Errorf("got %q with %d in use, want text/event-stream with 1", kind, inUse.inUse.Load())
	}
	go func() { in <- flowhttp.Event{Data: "0"} }()
	n := 0
	for e, err := range flowhttp.Events(res.Body).Seq(t.Context()) {
		if n++; err != nil || len(e.Data) != n {
			t.Fatalf("got %q and error %v, want %d bytes", e, err, n)
		}
		if n == 20 {
			close(in)
			continue
		}
		in <- flowhttp.Event{Data: e.Data + "0"} // only now, so each must have gone through at once
	}
	if n != 20 {
		t.Errorf("got %d events, want 20", n)
	}
}

func TestAStreamWithoutItemsIsAnAnswer(t *testing.T) {
	t.Parallel()
	none := answer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=1") // the handler's word counts
		if err := flowhttp.WriteNDJSON(w, r, streams.FromSlice[int](nil)); err != nil {
			t.Error(err)
		}
	}), getRequest())
	if none.status != 200 || none.body != "" || none.header.Get("Content-Type") != "application/x-ndjson" || none.header.Get("Cache-Control") != "max-age=1" {
		t.Errorf("got %+v", none)
	}
}

func TestAHeadRequestRunsNoStream(t *testing.T) {
	t.Parallel()
	head := httptest.NewRequestWithContext(t.Context(), http.MethodHead, "/", http.NoBody)
	endless := streams.FromSeq(func(func(int) bool) { t.Error("it ran") })
	w, w2 := httptest.NewRecorder(), httptest.NewRecorder()
	err := flowhttp.WriteNDJSON(w, head, endless)
	err2 := flowhttp.WriteEvents(w2, head, streams.Map(endless, func(context.Context, int) (e flowhttp.Event, err error) { return e, nil }))
	if err != nil || err2 != nil || w2.Header().Get("Content-Type") != "text/event-stream" {
		t.Errorf("got %v and %v, header %v", err, err2, w2.Header())
	}
}

func TestAStreamThatFailsAtOnceLeavesTheAnswerToTheHandler(t *testing.T) {
	t.Parallel()
	got := answer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := flowhttp.WriteNDJSON(w, r, failingStream(false)); !errors.Is(err, errBoom) {
			t.Errorf("got %v, want the stream's error", err)
		}
		http.Error(w, "no rows", http.StatusBadGateway)
	}), getRequest())
	if got.status != http.StatusBadGateway || got.body != "no rows\n" || strings.Contains(got.header.Get("Content-Type"), "json") {
		t.Errorf("got %+v", got)
	}
}

func TestAStreamThatFailsLaterIsACutBody(t *testing.T) {
	t.Parallel()
	for name, start := range protocols {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var inUse gauge
			told := make(chan error, 1)
			s, c := start(t, guarded(t, &inUse, func(w http.ResponseWriter, r *http.Request) {
				told <- flowhttp.WriteNDJSON(w, r, failingStream(true))
			}))
			got, err := flowhttp.NDJSON[int](bodyOf(t, c, s.URL)).Collect(t.Context())
			if err == nil || !slices.Equal(got, []int{1}) && len(got) > 0 {
				t.Errorf("got %v and error %v, want a body that was cut", got, err)
			}
			if err := <-told; !errors.Is(err, errBoom) {
				t.Errorf("the handler got %v, want the stream's error", err)
			}
		})
	}
}

func TestAnAnswerThatCannotBeCutPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("got %v, want http.ErrAbortHandler", v)
		}
	}()
	_ = flowhttp.WriteNDJSON(httptest.NewRecorder(), getRequest(), failingStream(true))
}

func TestEventsThatFailSayTheClassAlone(t *testing.T) {
	t.Parallel()
	s, c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secret := streams.FromSeq2(func(yield func(flowhttp.Event, error) bool) {
			_ = yield(flowhttp.Event{Data: "a"}, nil) && yield(flowhttp.Event{}, errors.Join(errors.New("password"), core.ErrClosed))
		})
		if err := flowhttp.WriteEvents(w, r, secret); !errors.Is(err, core.ErrClosed) {
			t.Errorf("got %v, want the stream's error", err)
		}
	}))
	if got, want := get(t, c, s.URL).body, "data: a\n\nevent: error\ndata: closed\n\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAClientThatIsGoneEndsTheStream(t *testing.T) {
	t.Parallel()
	for name, start := range protocols {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var inUse gauge
			told := make(chan error, 1)
			s, c := start(t, guarded(t, &inUse, func(w http.ResponseWriter, r *http.Request) {
				silent := streams.FromChannel(make(chan flowhttp.Event))
				told <- flowhttp.WriteEvents(w, r, silent)
			}))
			_ = open(t, c, s.URL).Body.Close()
			if err := <-told; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context.Canceled", err)
			}
			s.Close()
			inUse.settle(t)
		})
	}
}

func TestAStreamIsNotReadFasterThanItsClientTakes(t *testing.T) {
	t.Parallel()
	for name, start := range protocols {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const size = 32 << 10
			var made atomic.Int64
			told := make(chan error, 1)
			s, c := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				large := streams.FromSeq(func(yield func(string) bool) {
					for text := strings.Repeat("x", size); yield(text); {
						made.Add(1)
					}
				})
				told <- flowhttp.WriteNDJSON(w, r, large, flowhttp.WithWriteTimeout(time.Second))
			}))
			res := open(t, c, s.URL)
			if err := <-told; err == nil { // nothing is read
				t.Error("a client that takes nothing was waited for")
			}
			_ = res.Body.Close()
			if got := made.Load() * size; got > 64<<20 {
				t.Errorf("%d bytes were made for a client that takes none", got)
			}
		})
	}
}

func TestIdleEventsHaveAHeartbeat(t *testing.T) {
	t.Parallel()
	s, c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		silent := streams.FromChannel(make(chan flowhttp.Event))
		_ = flowhttp.WriteEvents(w, r, silent, flowhttp.WithHeartbeat(time.Millisecond))
	}))
	res := open(t, c, s.URL)
	beats := make([]byte, 30)
	if _, err := io.ReadFull(res.Body, beats); err != nil || strings.Trim(string(beats), ":\n") != "" {
		t.Errorf("got %q and error %v, want comments", beats, err)
	}
	_ = res.Body.Close()
}

func TestItemsAreAcknowledgedWhenTheyWereSent(t *testing.T) {
	t.Parallel()
	src := &acked{}
	w := &responseOf{ResponseRecorder: httptest.NewRecorder(), src: src}
	if err := flowhttp.WriteNDJSON(w, getRequest(), streams.FromAcknowledged(src)); err != nil {
		t.Fatal(err)
	}
	if src.acks.Load() != 100 || w.Body.Len() != 200 {
		t.Errorf("got %d acknowledged and %d bytes, want 100 and 200", src.acks.Load(), w.Body.Len())
	}
	if w.early {
		t.Error("items were acknowledged before they were sent")
	}
}

// acked is a source of a hundred items.
type acked struct {
	given int
	acks  atomic.Int64
}

func (a *acked) Fetch(context.Context, int) ([]int, error) {
	if a.given == 100 {
		return nil, io.EOF
	}
	a.given++
	return []int{1}, nil
}

func (a *acked) Ack(_ context.Context, items []int) error {
	a.acks.Add(int64(len(items)))
	return nil
}

// responseOf is a response that looks whether more was acknowledged than sent.
type responseOf struct {
	*httptest.ResponseRecorder
	src   *acked
	early bool
}

func (w *responseOf) Write(p []byte) (int, error) {
	w.early = w.early || w.src.acks.Load() > int64(w.Body.Len()/2)
	return w.ResponseRecorder.Write(p)
}

func TestAResponseThatCannotBeFlushedIsAnError(t *testing.T) {
	t.Parallel()
	w := struct{ http.ResponseWriter }{httptest.NewRecorder()}
	if err := flowhttp.WriteNDJSON(w, getRequest(), streams.FromSlice([]int{1})); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v, want an error that matches core.ErrInvalid", err)
	}
	if len(w.Header()) != 0 {
		t.Errorf("header %v was set", w.Header())
	}
}

func TestWriteOptionsAreChecked(t *testing.T) {
	t.Parallel()
	none := streams.FromSlice[flowhttp.Event](nil)
	for _, opt := range []flowhttp.EventOption{flowhttp.WithHeartbeat(-1), flowhttp.WithWriteTimeout(-1)} {
		if err := flowhttp.WriteEvents(httptest.NewRecorder(), getRequest(), none, opt); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("got %v, want an error that matches core.ErrInvalid", err)
		}
	}
	if err := flowhttp.WriteEvents(httptest.NewRecorder(), getRequest(), none, nil, flowhttp.WithHeartbeat(0), flowhttp.WithWriteTimeout(0)); err != nil {
		t.Error(err)
	}
}
