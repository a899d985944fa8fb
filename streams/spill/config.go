package spill

import (
	"fmt"
	"math"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Config is the config of a [Queue].
type Config struct {
	// Dir is the directory, made when there is none. It must belong to this queue alone. Required.
	Dir string `json:"dir" yaml:"dir" env:"DIR"`
	// SegmentBytes is the size of a segment's file. Defaults to 64 MiB, at most an eighth of MaxBytes.
	SegmentBytes int64 `json:"segment_bytes" yaml:"segment_bytes" env:"SEGMENT_BYTES"`
	// MaxBytes is how many bytes all segments together may have, 32 a record included. It must be
	// twice SegmentBytes at least. Defaults to 1 GiB.
	MaxBytes int64 `json:"max_bytes" yaml:"max_bytes" env:"MAX_BYTES"`
	// MinFree is how many bytes of the disk must stay free, whoever fills it. Where fewer would, what
	// Overflow says happens as it does at MaxBytes. Others' writes are noticed within 1 MiB of pushes,
	// and free space by who waits within SyncEvery. Linux only. Defaults to 0: it is not looked at.
	MinFree int64 `json:"min_free" yaml:"min_free" env:"MIN_FREE"`
	// Overflow is what happens to a push for which MaxBytes or MinFree leaves no room. Defaults to [Block].
	Overflow Overflow `json:"overflow" yaml:"overflow" env:"OVERFLOW"`
	// MaxRecordBytes is how long a record may be. Defaults to 16 MiB; a record and its header must fit a
	// segment, so it is less when segments are.
	MaxRecordBytes int `json:"max_record_bytes" yaml:"max_record_bytes" env:"MAX_RECORD_BYTES"`
	// Sync is what Push waits for. Defaults to [SyncInterval].
	Sync Sync `json:"sync" yaml:"sync" env:"SYNC"`
	// SyncEvery is how often what was pushed is written ([SyncNever]) or synced ([SyncInterval]), and
	// how often the cursor is. Defaults to 1 s.
	SyncEvery time.Duration `json:"sync_every" yaml:"sync_every" env:"SYNC_EVERY"`
}

// Validate reports everything that is wrong with c.
func (c Config) Validate() error {
	var faults core.Faults
	faults.Require(c.Dir != "", "Dir", c.Dir, "must not be empty")
	faults.Require(c.SegmentBytes >= 0, "SegmentBytes", c.SegmentBytes, "must not be negative")
	faults.Require(c.MaxBytes >= 0, "MaxBytes", c.MaxBytes, "must not be negative")
	faults.Require(c.MinFree >= 0, "MinFree", c.MinFree, "must not be negative")
	faults.Require(c.MaxRecordBytes >= 0, "MaxRecordBytes", c.MaxRecordBytes, "must not be negative")
	faults.Require(c.Overflow <= DropOldest, "Overflow", c.Overflow, "must be one of block, reject, drop_oldest")
	faults.Require(c.Sync <= SyncAlways, "Sync", c.Sync, "must be one of interval, never, always")
	faults.Require(c.SyncEvery >= 0, "SyncEvery", c.SyncEvery, "must not be negative")
	if faults.Err() == nil {
		c.requireSizes(&faults)
	}
	return faults.Err()
}

// requireSizes looks at how the sizes, defaults filled in, go together.
func (c Config) requireSizes(faults *core.Faults) {
	d := c.withDefaults()
	faults.Require(d.SegmentBytes >= minSegment, "SegmentBytes", d.SegmentBytes, fmt.Sprintf("must be at least %d", minSegment))
	faults.Require(d.SegmentBytes <= math.MaxInt32, "SegmentBytes", d.SegmentBytes, fmt.Sprintf("must be at most %d", math.MaxInt32))
	faults.Require(d.MaxBytes/2 >= d.SegmentBytes, "MaxBytes", d.MaxBytes, fmt.Sprintf("must be at least twice SegmentBytes, %d", d.SegmentBytes))
	faults.Require(int64(d.MaxRecordBytes) <= d.SegmentBytes-headerSize, "MaxRecordBytes", d.MaxRecordBytes,
		fmt.Sprintf("must be at most SegmentBytes less %d, %d", headerSize, d.SegmentBytes-headerSize))
}

const (
	minSegment = 128

	defaultSegment   = 64 << 20
	defaultMaxBytes  = 1 << 30
	defaultMaxRecord = 16 << 20
	defaultSyncEvery = time.Second
)

func (c Config) withDefaults() Config {
	if c.MaxBytes == 0 {
		c.MaxBytes = max(defaultMaxBytes, 2*min(c.SegmentBytes, math.MaxInt32))
	}
	if c.SegmentBytes == 0 {
		c.SegmentBytes = min(defaultSegment, c.MaxBytes/8)
	}
	if c.MaxRecordBytes == 0 {
		c.MaxRecordBytes = int(max(min(defaultMaxRecord, c.SegmentBytes-headerSize), 0))
	}
	if c.SyncEvery == 0 {
		c.SyncEvery = defaultSyncEvery
	}
	return c
}

// Sync is what Push waits for before it says that a record is stored.
type Sync uint8

const (
	// SyncInterval waits until the kernel has the record, and syncs every [Config.SyncEvery]. While what
	// it accepted cannot be synced, it accepts nothing more.
	SyncInterval Sync = iota
	// SyncNever waits for nothing: records are written when a buffer is full, every SyncEvery, and
	// when a consumer has read all there is. Nothing is ever synced.
	SyncNever
	// SyncAlways waits until the record is on disk. Callers that wait at the same time share one sync.
	SyncAlways
)

// String gives the name: interval, never or always.
func (s Sync) String() string {
	switch s {
	case SyncInterval:
		return "interval"
	case SyncNever:
		return "never"
	case SyncAlways:
		return "always"
	}
	return fmt.Sprintf("Sync(%d)", uint8(s))
}

// MarshalText gives the name.
func (s Sync) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name; an empty one is [SyncInterval].
func (s *Sync) UnmarshalText(text []byte) error { return parse(s, SyncAlways, "sync", text) }

// Overflow is what happens to a push when the queue is full.
type Overflow uint8

const (
	// Block makes Push wait for room, which comes when records are acknowledged.
	Block Overflow = iota
	// Reject answers with a [*FullError].
	Reject
	// DropOldest makes room: the oldest segment is freed, whether its records were acknowledged or
	// not. See [WithDropHook].
	DropOldest
)

// String gives the name: block, reject or drop_oldest.
func (o Overflow) String() string {
	switch o {
	case Block:
		return "block"
	case Reject:
		return "reject"
	case DropOldest:
		return "drop_oldest"
	}
	return fmt.Sprintf("Overflow(%d)", uint8(o))
}

// MarshalText gives the name.
func (o Overflow) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads a name; an empty one is [Block].
func (o *Overflow) UnmarshalText(text []byte) error { return parse(o, DropOldest, "overflow", text) }

// parse finds the member of an enum that has a name; no name is the zero member's.
func parse[E interface {
	~uint8
	fmt.Stringer
}](e *E, last E, what string, text []byte) error {
	for k := E(0); k <= last; k++ {
		if len(text) == 0 || string(text) == k.String() {
			*e = k
			return nil
		}
	}
	return fmt.Errorf("spill: there is no %s %q: %w", what, text, core.ErrInvalid)
}
