package flowhttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// row is an item of the tests.
type row struct {
	N    int    `json:"n"`
	Text string `json:"text,omitempty"`
}

// slowly reads a few bytes at a time, as many as next says.
type slowly struct {
	in   io.Reader
	next func() int
}

func (s slowly) Read(p []byte) (int, error) { return s.in.Read(p[:min(len(p), s.next())]) }

// chunked gives text in pieces of any length.
func chunked(t *rapid.T, text []byte) io.Reader {
	length := rapid.IntRange(1, 20)
	return slowly{bytes.NewReader(text), func() int { return length.Draw(t, "read") }}
}

// FuzzNDJSON compares the reader with one that has all lines at once, however the bytes come.
func FuzzNDJSON(f *testing.F) {
	for _, body := range []string{"", "1\n2\n", "1\r\n\r\n \n{\"a\":[1]}", "1\n]\n2\n", "\"" + strings.Repeat("x", 9000) + "\"\n3"} {
		f.Add([]byte(body), uint8(3))
	}
	f.Fuzz(func(t *testing.T, body []byte, length uint8) {
		var want []string
		wrong := false
		for line := range strings.SplitSeq(string(body), "\n") {
			if line = strings.Trim(line, " \t\r"); line == "" {
				continue
			}
			if wrong = !json.Valid([]byte(line)); wrong {
				break
			}
			want = append(want, line)
		}
		var got []string
		in := slowly{bytes.NewReader(body), func() int { return int(length) + 1 }}
		for v, err := range flowhttp.NDJSON[json.RawMessage](in).Seq(t.Context()) {
			if err == nil {
				got = append(got, string(v))
			} else if !wrong {
				t.Errorf("got %v, want no error", err)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// closed is a body that counts how often it was closed.
type closed struct {
	io.Reader
	times int
}

func (c *closed) Close() error { c.times++; return nil }

var errBoom = errors.New("boom")

func TestNDJSONComesBackWhateverTheReadsGive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOf(rapid.Custom(func(t *rapid.T) row {
			return row{rapid.Int().Draw(t, "n"), rapid.String().Draw(t, "text")}
		})).Draw(t, "rows")
		w := httptest.NewRecorder()
		if err := flowhttp.WriteNDJSON(w, getRequest(), streams.FromSlice(rows)); err != nil {
			t.Fatal(err)
		}
		// What goes over JSON is what JSON makes of it: text that is no UTF-8 is replaced.
		var want []row
		for _, r := range rows {
			line, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			var back row
			if err := json.Unmarshal(line, &back); err != nil {
				t.Fatal(err)
			}
			want = append(want, back)
		}
		got, err := flowhttp.NDJSON[row](chunked(t, w.Body.Bytes())).Collect(context.Background())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v and error %v, want %v", got, err, want)
		}
	})
}

func getRequest() *http.Request {
	return httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody)
}

func TestNDJSONReadsLines(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want []int
	}{
		"nothing":                     {"", nil},
		"lines":                       {"{\"n\":1}\n{\"n\":2}\n", []int{1, 2}},
		"a last line without an end":  {"{\"n\":1}\n{\"n\":2}", []int{1, 2}},
		"lines that end with CRLF":    {"{\"n\":1}\r\n{\"n\":2}\r\n", []int{1, 2}},
		"blank lines":                 {"\n\r\n{\"n\":1}\n \t\n\n{\"n\":2}\n\n", []int{1, 2}},
		"values with space around":    {" {\"n\":1}\t\n", []int{1}},
		"a last line of space":        {"{\"n\":1}\n  ", []int{1}},
		"a line as long as the bound": {"{\"n\":1}        \n", []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, in := range []io.Reader{strings.NewReader(c.body), iotest.OneByteReader(strings.NewReader(c.body)), iotest.DataErrReader(strings.NewReader(c.body))} {
				got, err := flowhttp.NDJSON[row](in, flowhttp.WithMaxBytes(15)).Collect(t.Context())
				if err != nil || !reflect.DeepEqual(numbers(got), c.want) {
					t.Errorf("got %v and error %v, want %v", got, err, c.want)
				}
			}
		})
	}
}

func numbers(rows []row) (n []int) {
	for _, r := range rows {
		n = append(n, r.N)
	}
	return n
}

func TestNDJSONEndsWithTheErrorAfterTheValuesBefore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body func() io.Reader
		says string
		is   error
	}{
		"a line that is no JSON": {
			func() io.Reader { return strings.NewReader("{\"n\":1}\n\n{\"n\":\n{\"n\":3}\n") },
			"flowhttp: line 3: unexpected end of JSON input", core.ErrInvalid,
		},
		"a value of another type": {
			func() io.Reader { return strings.NewReader("{\"n\":1}\n[]\n") }, "flowhttp: line 2: json: cannot unmarshal", core.ErrInvalid,
		},
		"a line that is too long": {
			func() io.Reader { return strings.NewReader("{\"n\":1}\n{\"n\":1}         \n") },
			"flowhttp: line longer than 15 bytes", core.ErrInvalid,
		},
		"a line without end": {
			func() io.Reader {
				return io.MultiReader(strings.NewReader("{\"n\":1}\n"), slowly{endless{}, func() int { return 3 }})
			},
			"flowhttp: line longer than 15 bytes", core.ErrInvalid,
		},
		"a body that breaks off": {
			func() io.Reader {
				return io.MultiReader(strings.NewReader("{\"n\":1}\n{\"n\""), iotest.ErrReader(io.ErrUnexpectedEOF))
			},
			"unexpected EOF", io.ErrUnexpectedEOF,
		},
		"an error that comes with the last bytes": {
			func() io.Reader {
				return readerFunc(func(p []byte) (int, error) { return copy(p, "{\"n\":1}\n"), errBoom })
			}, "boom", errBoom,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := &closed{Reader: c.body()}
			got, err := flowhttp.NDJSON[row](body, flowhttp.WithMaxBytes(15)).Collect(t.Context())
			if !reflect.DeepEqual(numbers(got), []int{1}) {
				t.Errorf("got %v, want the value before", got)
			}
			if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error that says %q", err, c.says)
			}
			if body.times != 1 {
				t.Errorf("the body was closed %d times, want 1", body.times)
			}
		})
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// endless is a body without an end of a line.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestABoundThatIsWrongIsAnError(t *testing.T) {
	t.Parallel()
	_, err := flowhttp.NDJSON[row](strings.NewReader(""), flowhttp.WithMaxBytes(0)).Collect(t.Context())
	_, err2 := flowhttp.Events(strings.NewReader(""), flowhttp.WithMaxBytes(-1)).Collect(t.Context())
	if !errors.Is(err, core.ErrInvalid) || !errors.Is(err2, core.ErrInvalid) {
		t.Errorf("got %v and %v, want errors that match core.ErrInvalid", err, err2)
	}
}

func TestABodyIsClosedWhenAStreamStopsEarly(t *testing.T) {
	t.Parallel()
	body := &closed{Reader: strings.NewReader("1\n2\n3\n")}
	got, ok, err := flowhttp.NDJSON[int](body).First(t.Context())
	if got != 1 || !ok || err != nil || body.times != 1 {
		t.Errorf("got %d, %t, %v, closed %d times; want 1, closed once", got, ok, err, body.times)
	}
}

func TestTheEndOfTheContextInterruptsABodyThatWaits(t *testing.T) {
	t.Parallel()
	s, c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "1\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	res := open(t, c, s.URL)
	defer func() { _ = res.Body.Close() }()
	ctx, cancel := context.WithCancelCause(t.Context())
	n := 0
	err := flowhttp.NDJSON[int](res.Body).ForEach(ctx, func(context.Context, int) error {
		n++
		cancel(errBoom)
		return nil
	})
	if n != 1 || !errors.Is(err, errBoom) {
		t.Errorf("got %d items and error %v, want 1 and the context's cause", n, err)
	}
}

func post(t *testing.T, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	return r
}

func TestABodyWhoseStreamFailsIsCutForTheServer(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	s, c := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := flowhttp.NDJSON[int](r.Body).Count(r.Context())
		ended <- err
	}))
	failing := streams.FromSeq2(func(yield func(int, error) bool) { _ = yield(1, nil) && yield(0, errBoom) })
	res, err := c.Do(post(t, s.URL, flowhttp.NDJSONBody(t.Context(), failing)))
	if err == nil {
		_ = res.Body.Close()
	}
	if !errors.Is(err, errBoom) {
		t.Errorf("got %v, want the stream's error", err)
	}
	if err := <-ended; err == nil {
		t.Error("the server took a part for the whole")
	}
}

func TestABodyThatIsClosedEndsItsStream(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	body := flowhttp.NDJSONBody(t.Context(), streams.FromSeq(func(yield func(int) bool) {
		defer close(over)
		for n := 0; yield(n); n++ {
		}
	}))
	if _, err := body.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := body.Close(); err != nil {
		t.Fatal(err)
	}
	<-over
	if _, err := body.Read(make([]byte, 10)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v, want io.ErrClosedPipe", err)
	}
}
