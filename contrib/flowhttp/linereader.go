package flowhttp

import (
	"bytes"
	"errors"
	"io"
)

// lineReader cuts what it reads into lines. It holds one line, of at most max bytes, and what came
// with its end.
type lineReader struct {
	in  io.Reader
	max int
	buf []byte
	// buf[:start] was given, and buf[start:seen] has no end of a line.
	start, seen int
	number      int   // of the last line, from 1
	err         error // of in
}

// minRead is how much room there is for a read, at least.
const minRead = 4 << 10

// next takes a line from memory, without its end: the last one too, once in has ended. It is valid
// until fill is called.
func (l *lineReader) next() (line []byte, ok bool, err error) {
	n := bytes.IndexByte(l.buf[l.seen:], '\n')
	switch {
	case n >= 0:
		n += l.seen
		line, l.start = l.buf[l.start:n], n+1
	case errors.Is(l.err, io.EOF) && l.start < len(l.buf):
		line, l.start = l.buf[l.start:], len(l.buf)
	default:
		l.seen = len(l.buf)
		return nil, false, nil
	}
	l.seen = l.start
	l.number++
	if line = bytes.TrimSuffix(line, []byte("\r")); len(line) > l.max {
		return nil, false, &TooLongError{"line", l.max}
	}
	return line, true, nil
}

// fill reads on, when next has no more to give. What was read before an error of in comes first.
func (l *lineReader) fill() error {
	switch {
	case l.err != nil:
		return l.err
	case len(l.buf)-l.start > l.max+len("\r"):
		return &TooLongError{"line", l.max}
	}
	l.buf = append(l.buf[:0], l.buf[l.start:]...)
	l.start, l.seen = 0, len(l.buf)
	if cap(l.buf)-len(l.buf) < minRead {
		grown := make([]byte, len(l.buf), 2*len(l.buf)+minRead)
		copy(grown, l.buf)
		l.buf = grown
	}
	n, err := l.in.Read(l.buf[len(l.buf):cap(l.buf)])
	l.buf, l.err = l.buf[:len(l.buf)+n], err
	return nil
}
