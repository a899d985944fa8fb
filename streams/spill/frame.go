package spill

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// A frame is a record in a segment, integers little-endian:
//
//	 0  magic     4 bytes, what is looked for after damage
//	 4  length    4, of the payload
//	 8  number    8
//	16  time      8, unix nanoseconds
//	24  checksum  4, CRC32C of the payload
//	28  checksum  4, CRC32C of the 28 bytes before, begun with the segment's salt
//	32  payload
//
// The salt is random and stands in the segment's name. With it, what looks like a frame within a
// payload, because someone pushes segments, is not taken for one when the search after damage meets it.
const (
	headerSize = 32
	sumAt      = 28
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	magic      = []byte{0xf5, 'g', 'f', 0x01}
)

// header is what stands before a payload.
type header struct {
	size int
	seq  uint64
	at   int64
	sum  uint32
}

// appendFrame appends a record to b.
func appendFrame(b []byte, salt uint32, seq uint64, at int64, rec []byte) []byte {
	start := len(b)
	b = slices.Grow(b, headerSize+len(rec))[:start+headerSize]
	h := b[start:]
	copy(h, magic)
	binary.LittleEndian.PutUint32(h[4:], uint32(len(rec)))
	binary.LittleEndian.PutUint64(h[8:], seq)
	binary.LittleEndian.PutUint64(h[16:], uint64(at))
	binary.LittleEndian.PutUint32(h[24:], crc32.Checksum(rec, castagnoli))
	sealHeader(h, salt)
	return append(b, rec...)
}

func sealHeader(h []byte, salt uint32) {
	binary.LittleEndian.PutUint32(h[sumAt:], crc32.Update(salt, castagnoli, h[:sumAt]))
}

// parseHeader reads a header; b has headerSize bytes at least.
func parseHeader(b []byte, salt uint32) (h header, ok bool) {
	if [4]byte(b) != [4]byte(magic) || binary.LittleEndian.Uint32(b[sumAt:]) != crc32.Update(salt, castagnoli, b[:sumAt]) {
		return header{}, false
	}
	return header{
		size: int(binary.LittleEndian.Uint32(b[4:])),
		seq:  binary.LittleEndian.Uint64(b[8:]),
		at:   int64(binary.LittleEndian.Uint64(b[16:])),
		sum:  binary.LittleEndian.Uint32(b[24:]),
	}, true
}

// resalt makes whole frames those of another segment.
func resalt(frames []byte, salt uint32) {
	for len(frames) >= headerSize {
		sealHeader(frames[:headerSize], salt)
		frames = frames[headerSize+int(binary.LittleEndian.Uint32(frames[4:])):]
	}
}
