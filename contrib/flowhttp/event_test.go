package flowhttp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// referenceEvents reads an event stream as the standard tells it: all of it at once, and slowly.
func referenceEvents(body string) (events []flowhttp.Event) {
	body = strings.TrimPrefix(body, "\uFEFF")
	body = strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(body, "\n")
	var id, kind, data string
	var retry time.Duration
	for _, line := range lines[:len(lines)-1] { // the last has no end
		if line == "" {
			if data != "" {
				events = append(events, flowhttp.Event{ID: id, Type: kind, Data: strings.TrimSuffix(data, "\n"), Retry: retry})
				retry = 0
			}
			data, kind = "", ""
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			kind = value
		case "data":
			data += value + "\n"
		case "id":
			if !strings.Contains(value, "\x00") {
				id = value
			}
		case "retry":
			if value == "" || strings.Trim(value, "0123456789") != "" {
				continue
			}
			const most = (1<<63 - 1) / 1_000_000
			if ms, err := strconv.ParseInt(value, 10, 64); err == nil && ms <= most {
				retry = time.Duration(ms) * time.Millisecond
			} else {
				retry = most * time.Millisecond
			}
		}
	}
	return events
}

func readEvents(t testing.TB, body io.Reader) []flowhttp.Event {
	t.Helper()
	events, err := flowhttp.Events(body).Collect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// theStandard has the examples of the standard, and what it says at the edges.
var theStandard = map[string]struct {
	body string
	want []flowhttp.Event
}{
	"nothing":             {"", nil},
	"a message":           {"data: This is the first message.\n\n", []flowhttp.Event{{Data: "This is the first message."}}},
	"lines of data":       {"data: YHOO\ndata: +2\ndata: 10\n\n", []flowhttp.Event{{Data: "YHOO\n+2\n10"}}},
	"types":               {"event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n", []flowhttp.Event{{Type: "add", Data: "73857293"}, {Type: "remove", Data: "2153"}}},
	"comments":            {": test stream\n\n:\ndata: a\n: b\n\n", []flowhttp.Event{{Data: "a"}}},
	"an id that is kept":  {"data: first\nid: 1\n\ndata:second\n\n", []flowhttp.Event{{ID: "1", Data: "first"}, {ID: "1", Data: "second"}}},
	"an id that is reset": {"data: first\nid: 1\n\ndata:second\nid\n\n", []flowhttp.Event{{ID: "1", Data: "first"}, {Data: "second"}}},
	"an id without data":  {"id: 7\n\ndata: a\n\n", []flowhttp.Event{{ID: "7", Data: "a"}}},
	"an id with NUL":      {"id: 1\ndata: a\n\nid: 2\x003\ndata: b\n\n", []flowhttp.Event{{ID: "1", Data: "a"}, {ID: "1", Data: "b"}}},
	"empty data":          {"data\n\ndata\ndata\n\ndata:", []flowhttp.Event{{}, {Data: "\n"}}},
	"one space is left out": {"data:test\n\ndata: test\n\ndata:  test\n\n", []flowhttp.Event{
		{Data: "test"}, {Data: "test"}, {Data: " test"},
	}},
	"CR":                         {"data: a\rdata: b\r\rdata: c\r\r", []flowhttp.Event{{Data: "a\nb"}, {Data: "c"}}},
	"CRLF":                       {"data: a\r\ndata: b\r\n\r\n", []flowhttp.Event{{Data: "a\nb"}}},
	"ends of all kinds":          {"data: a\n\rdata: b\r\n\ndata: c\r\r\n", []flowhttp.Event{{Data: "a"}, {Data: "b"}, {Data: "c"}}},
	"a byte order mark":          {"\uFEFFdata: a\n\n\uFEFFdata: b\n\n", []flowhttp.Event{{Data: "a"}}},
	"no blank line at the end":   {"data: a\n\ndata: b\n", []flowhttp.Event{{Data: "a"}}},
	"a type without data":        {"event: a\n\ndata: b\n\n", []flowhttp.Event{{Data: "b"}}},
	"unknown fields":             {"Data: a\ndat: b\ndata : c\ndata: d\n\n", []flowhttp.Event{{Data: "d"}}},
	"a colon in the data":        {"data: a: b\n\n", []flowhttp.Event{{Data: "a: b"}}},
	"retry":                      {"retry: 1500\ndata: a\n\ndata: b\n\n", []flowhttp.Event{{Data: "a", Retry: 1500 * time.Millisecond}, {Data: "b"}}},
	"retry without an event":     {"retry: 1500\n\ndata: a\n\n", []flowhttp.Event{{Data: "a", Retry: 1500 * time.Millisecond}}},
	"retry that is no number":    {"retry: +1\nretry: 1s\nretry: -1\nretry:\nretry: 1.5\nretry: \u0661\ndata: a\n\n", []flowhttp.Event{{Data: "a"}}},
	"bytes that are no UTF-8":    {"data: \xff\xfe\n\n", []flowhttp.Event{{Data: "\xff\xfe"}}},
	"an event whose type is two": {"event: a\nevent: b\ndata: c\n\n", []flowhttp.Event{{Type: "b", Data: "c"}}},
}

func TestEventsAreReadAsTheStandardSays(t *testing.T) {
	t.Parallel()
	for name, c := range theStandard {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for how, in := range map[string]io.Reader{
				"at once": strings.NewReader(c.body), "by bytes": iotest.OneByteReader(strings.NewReader(c.body)),
				"with the end": iotest.DataErrReader(strings.NewReader(c.body)),
			} {
				if got := readEvents(t, in); !reflect.DeepEqual(got, c.want) {
					t.Errorf("%s: got %q, want %q", how, got, c.want)
				}
			}
			if got := referenceEvents(c.body); !reflect.DeepEqual(got, c.want) {
				t.Errorf("the reference: got %q, want %q", got, c.want)
			}
		})
	}
}

func TestARetryThatDoesNotFitIsAsLongAsFits(t *testing.T) {
	t.Parallel()
	got := readEvents(t, strings.NewReader("retry: 99999999999999999999999\ndata\n\n"))
	if len(got) != 1 || got[0].Retry < 290*365*24*time.Hour {
		t.Errorf("got %v", got)
	}
}

// FuzzEvents compares the parser with the reference, however the bytes come.
func FuzzEvents(f *testing.F) {
	for _, c := range theStandard {
		f.Add([]byte(c.body), uint8(3))
	}
	f.Fuzz(func(t *testing.T, body []byte, length uint8) {
		want := referenceEvents(string(body))
		in := slowly{bytes.NewReader(body), func() int { return int(length)%7 + 1 }}
		if got := readEvents(t, in); !reflect.DeepEqual(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		short, err := flowhttp.Events(bytes.NewReader(body), flowhttp.WithMaxBytes(int(length)+1)).Collect(t.Context())
		if len(short) > len(want) || len(short) > 0 && !reflect.DeepEqual(short, want[:len(short)]) {
			t.Errorf("with a bound: got %q, want the first of %q", short, want)
		}
		if err == nil && len(short) != len(want) {
			t.Errorf("with a bound: got %d events and no error, want %d", len(short), len(want))
		}
	})
}

// anyEvent is an event that can be written.
var anyEvent = rapid.Custom(func(t *rapid.T) flowhttp.Event {
	return flowhttp.Event{
		ID:    rapid.StringMatching(`[^\r\n\x00]*`).Draw(t, "id"),
		Type:  rapid.StringMatching(`[^\r\n]*`).Draw(t, "type"),
		Data:  rapid.OneOf(rapid.String(), rapid.StringMatching(`[a: \r\n]*`)).Draw(t, "data"),
		Retry: time.Duration(rapid.IntRange(0, 1e9).Draw(t, "retry")) * time.Millisecond,
	}
})

func TestEventsComeBackWhateverTheReadsGive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOf(anyEvent).Draw(t, "events")
		w := httptest.NewRecorder()
		if err := flowhttp.WriteEvents(w, getRequest(), streams.FromSlice(events)); err != nil {
			t.Fatal(err)
		}
		var want []flowhttp.Event
		id := ""
		for _, e := range events {
			if e.ID != "" {
				id = e.ID
			}
			e.ID = id
			e.Data = strings.ReplaceAll(strings.ReplaceAll(e.Data, "\r\n", "\n"), "\r", "\n")
			want = append(want, e)
		}
		got, err := flowhttp.Events(chunked(t, w.Body.Bytes())).Collect(context.Background())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %q and error %v, want %q", got, err, want)
		}
	})
}

func TestAnEventThatIsTooLongEndsTheRunAfterThoseBefore(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]io.Reader{
		"a line":      strings.NewReader("data: 1234\n\ndata: 12345\n\n"),
		"lines":       strings.NewReader("data: 1234\n\ndata: 1\ndata\n\n"),
		"no blank":    io.MultiReader(strings.NewReader("data: 1234\n\n"), endless{}),
		"no data":     strings.NewReader("data: 1234\n\nid: 1\nid: 2\nid: 3\n\n"),
		"one comment": strings.NewReader("data: 1234\n\n: 345678901\n\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := flowhttp.Events(iotest.OneByteReader(body), flowhttp.WithMaxBytes(10)).Collect(t.Context())
			if long, ok := errors.AsType[*flowhttp.TooLongError](err); !ok || long.Max != 10 || !errors.Is(err, core.ErrInvalid) {
				t.Errorf("got %v, want a TooLongError of 10 bytes", err)
			}
			if len(got) != 1 || got[0].Data != "1234" {
				t.Errorf("got %q, want the event before", got)
			}
		})
	}
}

func TestCommentsAreNoPartOfAnEvent(t *testing.T) {
	t.Parallel()
	body := "data: 1\n" + strings.Repeat(": beat\n", 1000) + "\n"
	got, err := flowhttp.Events(strings.NewReader(body), flowhttp.WithMaxBytes(20)).Collect(t.Context())
	if err != nil || len(got) != 1 {
		t.Errorf("got %q and error %v, want one event", got, err)
	}
}

func TestABodyOfEventsThatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	body := io.MultiReader(strings.NewReader("data: 1\n\ndata: 2\n"), iotest.ErrReader(io.ErrUnexpectedEOF))
	got, err := flowhttp.Events(body).Collect(t.Context())
	if len(got) != 1 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %q and error %v, want one event and io.ErrUnexpectedEOF", got, err)
	}
}

func TestAnEventThatCannotBeWrittenFailsTheStream(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]flowhttp.Event{
		"an id with a line break":    {ID: "a\nb"},
		"an id with NUL":             {ID: "a\x00"},
		"a type with a line break":   {Type: "a\rdata: b"},
		"a retry that is below 0":    {Retry: -1},
		"everything that is at odds": {ID: "\r", Type: "\n", Retry: -time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			err := flowhttp.WriteEvents(w, getRequest(), streams.FromSlice([]flowhttp.Event{{Data: "1"}, e}))
			if !errors.Is(err, core.ErrInvalid) {
				t.Errorf("got %v, want an error that matches core.ErrInvalid", err)
			}
			if got, want := w.Body.String(), "data: 1\n\nevent: error\ndata: invalid\n\n"; got != want {
				t.Errorf("wrote %q, want %q", got, want)
			}
		})
	}
}

func TestARetryIsWrittenInWholeMilliseconds(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	if err := flowhttp.WriteEvents(w, getRequest(), streams.FromSlice([]flowhttp.Event{{Retry: time.Nanosecond}})); err != nil {
		t.Fatal(err)
	}
	if got, want := w.Body.String(), "retry: 1\ndata: \n\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}
