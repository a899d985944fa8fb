package streams

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
)

// MaxLine is how many bytes a line of [Lines] may have.
const MaxLine = 1 << 20

// Lines gives the lines of a reader without their ends, \n or \r\n; the last needs none. A line is
// handed on as soon as it was read. One longer than [MaxLine] ends the run with bufio.ErrTooLong, an
// error of the reader with that error, both after the lines before. The end of ctx is seen between
// two reads: to interrupt one, close what is read.
func Lines(in io.Reader) Stream[string] {
	return source(func(ctx context.Context, r *run, emit func([]string) error) error {
		st := r.stage("lines")
		l := lines{in: bufio.NewReaderSize(in, 64<<10)}
		for {
			if err := ended(ctx); err != nil {
				return err
			}
			err := l.fill(r.read())
			if len(l.chunk) > 0 {
				if err := emit(l.chunk); err != nil {
					return err
				}
			}
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return st.failing(ctx, err)
			}
		}
	})
}

// lines cuts what it reads.
type lines struct {
	in    *bufio.Reader
	chunk []string
	part  []byte // of a line longer than the reader's buffer
}

// fill reads one line, and those that can be had without waiting.
func (l *lines) fill(limit int) (err error) {
	defer caught(&err) // a reader is the user's
	l.chunk = l.chunk[:0]
	for {
		line, err := l.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err == nil || len(line) > 0 {
			if line = cut(line); len(line) > MaxLine {
				return bufio.ErrTooLong
			}
			l.chunk = append(l.chunk, string(line))
		}
		if err != nil || len(l.chunk) >= limit || !l.ready() {
			return err
		}
	}
}

// next reads a line with its end.
func (l *lines) next() ([]byte, error) {
	l.part = l.part[:0]
	for {
		line, err := l.in.ReadSlice('\n')
		if len(l.part)+len(line) > MaxLine+len("\r\n") {
			return nil, bufio.ErrTooLong
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			if len(l.part) == 0 {
				return line, err
			}
			l.part = append(l.part, line...)
			return l.part, err
		}
		l.part = append(l.part, line...)
	}
}

// ready reports whether a whole line is in memory.
func (l *lines) ready() bool {
	held, _ := l.in.Peek(l.in.Buffered())
	return bytes.IndexByte(held, '\n') >= 0
}

func cut(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}
