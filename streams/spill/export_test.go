package spill

import "io"

// FileSystem and File let tests bring a disk that fails.
type (
	FileSystem = filesystem
	File       = file
)

// OpenOn is Open in any filesystem.
func OpenOn(name string, cfg Config, dir FileSystem, opts ...Option) (*Queue, error) {
	return open(name, cfg, dir, opts)
}

// VerifyOn and RepairOn are Verify and Repair in any filesystem.
func VerifyOn(dir FileSystem) (Report, error) { return verify(dir) }

// RepairOn is Repair without the lock.
func RepairOn(dir FileSystem) (Report, error) { return repair(dir) }

// HeaderSize is what a record takes besides its bytes.
const HeaderSize = headerSize

// Frame is a record as it stands in a segment.
func Frame(salt uint32, seq uint64, at int64, rec []byte) []byte {
	return appendFrame(nil, salt, seq, at, rec)
}

// Scan reads the records of a segment. A payload is valid during the call.
func Scan(src io.ReaderAt, salt uint32, size int64, each func(seq uint64, payload []byte)) (damaged int64, err error) {
	s := scanner{src: src, salt: salt, limit: size}
	for {
		h, payload, ok, err := s.next()
		if err != nil || !ok {
			return s.skipped, err
		}
		each(h.seq, payload)
	}
}
