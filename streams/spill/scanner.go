package spill

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
)

// scanner reads the frames of a segment, and passes over what is none. Each step takes a byte at
// least, so it always comes to an end.
type scanner struct {
	src   io.ReaderAt
	salt  uint32
	limit int64  // up to where there are frames
	short bool   // the file ends before limit
	base  int64  // where in the file buf begins
	buf   []byte // a part of the file
	pos   int    // what of buf was read
	last  uint64 // the number of the last record; later ones have higher numbers

	skipped int64 // damaged bytes passed over; zeros, which are room made ahead, are not counted
}

const (
	readSize = 256 << 10
	keepRead = 1 << 20 // a larger buffer is not kept
)

// reset begins another segment. The numbers go on.
func (s *scanner) reset(src io.ReaderAt, salt uint32, limit int64) {
	buf := s.buf[:0]
	if cap(buf) > keepRead {
		buf = nil
	}
	*s = scanner{src: src, salt: salt, limit: limit, buf: buf, last: s.last}
}

func (s *scanner) offset() int64 { return s.base + int64(s.pos) }

// next finds the next whole record. The payload is valid until the next call. At the limit it reports
// not ok; the limit may then be raised.
func (s *scanner) next() (h header, payload []byte, ok bool, err error) {
	for {
		if more, err := s.need(headerSize); err != nil || !more {
			if err == nil {
				s.finish()
			}
			return h, nil, false, err
		}
		h, ok = parseHeader(s.buf[s.pos:], s.salt)
		whole := headerSize + h.size
		if ok {
			ok, err = s.need(whole)
		}
		if err == nil && !ok {
			err = s.resync()
		}
		if err != nil {
			return h, nil, false, err
		}
		if !ok {
			continue
		}
		payload = s.buf[s.pos+headerSize : s.pos+whole]
		s.pos += whole
		if h.seq > s.last && crc32.Checksum(payload, castagnoli) == h.sum {
			s.last = h.seq
			return h, payload, true, nil
		}
		s.skipped += int64(whole)
	}
}

// need sees to it that n bytes can be looked at, and reports whether there are so many.
func (s *scanner) need(n int) (bool, error) {
	if len(s.buf)-s.pos >= n {
		return true, nil
	}
	if s.short || s.limit-s.offset() < int64(n) {
		return false, nil
	}
	rest := s.buf[s.pos:]
	if room := max(n, int(min(readSize, s.limit-s.offset()))); cap(s.buf) < room {
		s.buf = append(make([]byte, 0, room), rest...)
	} else {
		s.buf = s.buf[:copy(s.buf[:cap(s.buf)], rest)]
	}
	s.base, s.pos = s.offset(), 0
	have := len(s.buf)
	want := min(int64(cap(s.buf)-have), s.limit-s.base-int64(have))
	m, err := s.src.ReadAt(s.buf[have:have+int(want)], s.base+int64(have))
	s.buf = s.buf[:have+m]
	if int64(m) == want {
		err = nil
	}
	if errors.Is(err, io.EOF) {
		s.short, err = true, nil
	}
	return len(s.buf) >= n, err
}

// resync goes on to the next magic.
func (s *scanner) resync() error {
	from := 1
	for {
		window := s.buf[s.pos:]
		if i := bytes.Index(window[from:], magic); i >= 0 {
			s.skip(from + i)
			return nil
		}
		s.skip(len(window) - len(magic) + 1)
		if more, err := s.need(len(magic)); err != nil || !more {
			return err
		}
		from = 0
	}
}

func (s *scanner) skip(n int) {
	passed := s.buf[s.pos : s.pos+n]
	if len(bytes.TrimLeft(passed, "\x00")) > 0 {
		s.skipped += int64(n)
	}
	s.pos += n
}

// finish passes over what is left before the limit, which is too short to be a frame.
func (s *scanner) finish() {
	s.skip(len(s.buf) - s.pos)
	if missing := s.limit - s.offset(); missing > 0 {
		s.skipped += missing
	}
	s.base, s.buf, s.pos, s.short = s.limit, s.buf[:0], 0, false
}
