package spill

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

// The cursor's file is a hint: without it, or with a wrong one, records come again. It is replaced
// whole, never written in place.
//
//	 0  magic and version  8 bytes
//	 8  number             8, of the last acknowledged record
//	16  checksum           4, CRC32C of the 16 bytes before
const (
	cursorName  = "cursor"
	cursorSize  = 20
	cursorMagic = "gfcursr\x01"
)

func encodeCursor(seq uint64) []byte {
	b := binary.LittleEndian.AppendUint64([]byte(cursorMagic), seq)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeCursor(b []byte) (seq uint64, ok bool) {
	if len(b) != cursorSize || string(b[:8]) != cursorMagic ||
		binary.LittleEndian.Uint32(b[16:]) != crc32.Checksum(b[:16], castagnoli) {
		return 0, false
	}
	return binary.LittleEndian.Uint64(b[8:]), true
}

// readCursor reads the cursor of a directory. None is not damaged.
func readCursor(dir filesystem) (seq uint64, damaged bool, err error) {
	f, err := dir.Open(cursorName)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	b := make([]byte, cursorSize+1)
	n, _ := f.ReadAt(b, 0)
	seq, ok := decodeCursor(b[:n])
	return seq, !ok, f.Close()
}

// writeCursor replaces the cursor of a directory.
func writeCursor(dir filesystem, seq uint64, sync bool) error {
	return replace(dir, cursorName, sync, writing(encodeCursor(seq)))
}

// writing writes what a file is to have.
func writing(content []byte) func(file) error {
	return func(f file) error {
		_, err := f.WriteAt(content, 0)
		return err
	}
}

// replace gives a file new content: all of it, or none when it fails.
func replace(dir filesystem, name string, sync bool, write func(file) error) error {
	temp := name + tempEnding
	if err := dir.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := dir.Create(temp)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil && sync {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = dir.Rename(temp, name); err == nil && sync {
		err = dir.Sync()
	}
	return err
}

// saveCursor writes how far records are acknowledged, unless that is saved already.
func (q *Queue) saveCursor(ctx context.Context) error {
	q.saving.Lock()
	defer q.saving.Unlock()
	seq, start := q.cursor.Load(), clock.Now()
	if seq == q.saved {
		return nil
	}
	sync := q.cfg.Sync != SyncNever
	err := writeCursor(q.dir, seq, sync)
	if sync {
		q.inst.syncs.Record(ctx, time.Duration(clock.Now()-start), err)
	}
	if err != nil {
		return q.errDisk("save", cursorName, err)
	}
	q.saved = seq
	return nil
}
