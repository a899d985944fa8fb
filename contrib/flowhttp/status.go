package flowhttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// statusWriter is a response that remembers its status. It costs one allocation. What it has of the
// faces of the response it wraps is for [watch] to say; deadlines and the like are reached through
// http.ResponseController, by Unwrap.
type statusWriter struct {
	http.ResponseWriter
	status int // 0 until it is known
}

// watch wraps w, with the faces that net/http's responses have.
func watch(w http.ResponseWriter) (http.ResponseWriter, *statusWriter) {
	flusher, flushes := w.(http.Flusher)
	hijacker, hijacks := w.(http.Hijacker)
	reader, reads := w.(io.ReaderFrom)
	pusher, pushes := w.(http.Pusher)
	switch {
	case flushes && hijacks && reads:
		x := &http1Writer{flushWriter{statusWriter{ResponseWriter: w}, flusher}, hijacker, reader}
		return x, &x.statusWriter
	case flushes && pushes:
		x := &http2Writer{flushWriter{statusWriter{ResponseWriter: w}, flusher}, pusher}
		return x, &x.statusWriter
	case flushes:
		x := &flushWriter{statusWriter{ResponseWriter: w}, flusher}
		return x, &x.statusWriter
	}
	x := &statusWriter{ResponseWriter: w}
	return x, x
}

// final gives the status of the answer.
func (w *statusWriter) final() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// note remembers the first status that is not provisional.
func (w *statusWriter) note(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
}

// WriteHeader is part of http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.note(status)
	w.ResponseWriter.WriteHeader(status)
}

// Write is part of http.ResponseWriter.
func (w *statusWriter) Write(p []byte) (int, error) {
	w.note(http.StatusOK)
	return w.ResponseWriter.Write(p)
}

// WriteString is part of io.StringWriter.
func (w *statusWriter) WriteString(s string) (int, error) {
	w.note(http.StatusOK)
	return io.WriteString(w.ResponseWriter, s)
}

// Unwrap is what http.ResponseController looks for.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// flushWriter is a statusWriter that flushes.
type flushWriter struct {
	statusWriter
	flusher http.Flusher
}

// Flush is part of http.Flusher.
func (w *flushWriter) Flush() {
	w.note(http.StatusOK)
	w.flusher.Flush()
}

// http1Writer has what a response of HTTP/1 has.
type http1Writer struct {
	flushWriter
	hijacker http.Hijacker
	reader   io.ReaderFrom
}

// Hijack is part of http.Hijacker.
func (w *http1Writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.hijacker.Hijack()
	if err == nil {
		w.note(http.StatusSwitchingProtocols) // what is said from here on is between the two
	}
	return conn, rw, err
}

// ReadFrom is part of io.ReaderFrom.
func (w *http1Writer) ReadFrom(r io.Reader) (int64, error) {
	w.note(http.StatusOK)
	return w.reader.ReadFrom(r)
}

// http2Writer has what a response of HTTP/2 has.
type http2Writer struct {
	flushWriter
	http.Pusher
}
