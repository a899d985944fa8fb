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
	unread  int64 // bytes made up because they could not be read
	retries int   // how many reads of what cannot be read fail before it is passed over
	failed  int   // of these, how many did
}

const (
	readSize = 256 << 10
	keepRead = 1 << 20 // a larger buffer is not kept

	blockSize  = 4096 // what a disk cannot read is in blocks, aligned
	unreadByte = 0xff // what their bytes are taken for
)

// reset begins another segment. The numbers go on.
func (s *scanner) reset(src io.ReaderAt, salt uint32, limit int64) {
	buf := s.buf[:0]
	if cap(buf) > keepRead {
		buf = nil
	}
	*s = scanner{src: src, salt: salt, limit: limit, buf: buf, last: s.last, retries: s.retries}
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
		switch {
		case crc32.Checksum(payload, castagnoli) != h.sum:
			s.skipped += int64(whole)
		case h.seq > s.last: // a record that was written twice comes once
			s.last = h.seq
			return h, payload, true, nil
		}
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
	want := int(min(int64(cap(s.buf)-have), s.limit-s.base-int64(have)))
	m, err := s.read(want)
	switch {
	case err == nil:
		s.failed = 0
	case len(s.buf) >= n:
		err = nil // it comes again with the next read
	case unreadable(err) && s.failed < s.retries:
		s.failed++
	case unreadable(err):
		err = s.readBlocks(want - m)
	}
	return len(s.buf) >= n, err
}

// readBlocks reads the next n bytes block by block. Those that cannot be read it makes up: checksums then
// make of them damage like any other.
func (s *scanner) readBlocks(n int) error {
	for n > 0 && !s.short {
		k := min(n, int(blockSize-(s.base+int64(len(s.buf)))%blockSize))
		m, err := s.read(k)
		switch {
		case unreadable(err):
			s.buf = append(s.buf, bytes.Repeat([]byte{unreadByte}, k-m)...)
			s.unread += int64(k - m)
		case err != nil:
			return err
		}
		n -= k
	}
	return nil
}

// read reads up to n bytes into the buffer: so many unless it fails or the file is short.
func (s *scanner) read(n int) (m int, err error) {
	have := len(s.buf)
	m, err = s.src.ReadAt(s.buf[have:have+n], s.base+int64(have))
	s.buf = s.buf[:have+m]
	if m == n {
		return m, nil
	}
	if errors.Is(err, io.EOF) {
		s.short, err = true, nil
	}
	return m, err
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
