package writer

import (
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Config is the config of a [Writer].
type Config struct {
	// BufferBytes is the size of a buffer, and so the most that is written to the sink at once, but for single
	// writes that are larger. Defaults to 256 KiB; at least 64 bytes, at most 64 MiB.
	BufferBytes int `json:"buffer_bytes" yaml:"buffer_bytes" env:"BUFFER_BYTES"`
	// Buffers is how many buffers there are: one that is being written, one that fills, and those between.
	// Defaults to 4; at least 2, at most 1024.
	Buffers int `json:"buffers" yaml:"buffers" env:"BUFFERS"`
	// MaxWrite is the largest single write, in bytes, and how much those larger than a buffer may hold together.
	// Larger ones are rejected. Defaults to BufferBytes * Buffers, at most 1 GiB; at least BufferBytes.
	MaxWrite int `json:"max_write" yaml:"max_write" env:"MAX_WRITE"`
	// FlushInterval is how long a write waits for its buffer to fill before it is written. Defaults to 1 s;
	// a negative value means until the buffer is full, or Flush is called.
	FlushInterval time.Duration `json:"flush_interval" yaml:"flush_interval" env:"FLUSH_INTERVAL"`
	// Overflow is what becomes of a write when all buffers are full. Defaults to [Block].
	Overflow Overflow `json:"overflow" yaml:"overflow" env:"OVERFLOW"`

	// RetryDelay is how long to wait after the sink failed, before it is tried again. Each further failure
	// doubles it. Defaults to 100 ms.
	RetryDelay time.Duration `json:"retry_delay" yaml:"retry_delay" env:"RETRY_DELAY"`
	// MaxRetryDelay bounds that wait. Defaults to 5 s, at least RetryDelay.
	MaxRetryDelay time.Duration `json:"max_retry_delay" yaml:"max_retry_delay" env:"MAX_RETRY_DELAY"`
	// MaxAttempts is how often in a row the sink may fail over a buffer before the rest of it counts as lost.
	// Defaults to 0: it is tried until the writer is stopped, and then three times.
	MaxAttempts int `json:"max_attempts" yaml:"max_attempts" env:"MAX_ATTEMPTS"`
	// CloseTimeout is how long Close waits for the sink. Defaults to 5 s.
	CloseTimeout time.Duration `json:"close_timeout" yaml:"close_timeout" env:"CLOSE_TIMEOUT"`
}

const (
	leastBuffer = 64
	mostBuffer  = 64 << 20
	mostBuffers = 1024
	mostWrite   = 1 << 30
)

// Validate reports everything that is wrong with c.
func (c Config) Validate() error {
	var faults core.Faults
	d := c.withDefaults()
	faults.Require(d.BufferBytes >= leastBuffer, "BufferBytes", c.BufferBytes, fmt.Sprintf("must be at least %d", leastBuffer))
	faults.Require(d.BufferBytes <= mostBuffer, "BufferBytes", c.BufferBytes, fmt.Sprintf("must be at most %d", mostBuffer))
	faults.Require(d.Buffers >= 2, "Buffers", c.Buffers, "must be at least 2")
	faults.Require(d.Buffers <= mostBuffers, "Buffers", c.Buffers, fmt.Sprintf("must be at most %d", mostBuffers))
	if c.MaxWrite != 0 {
		faults.Require(c.MaxWrite >= max(d.BufferBytes, 1), "MaxWrite", c.MaxWrite, fmt.Sprintf("must be at least BufferBytes, %d", d.BufferBytes))
		faults.Require(c.MaxWrite <= mostWrite, "MaxWrite", c.MaxWrite, fmt.Sprintf("must be at most %d", mostWrite))
	}
	faults.Require(c.Overflow <= Spill, "Overflow", c.Overflow, "must be one of block, drop_newest, drop_oldest, spill")
	faults.Require(c.RetryDelay >= 0, "RetryDelay", c.RetryDelay, "must not be negative")
	faults.Require(c.MaxRetryDelay >= 0, "MaxRetryDelay", c.MaxRetryDelay, "must not be negative")
	if c.RetryDelay >= 0 && c.MaxRetryDelay > 0 {
		faults.Require(d.RetryDelay <= c.MaxRetryDelay, "RetryDelay", d.RetryDelay, fmt.Sprintf("must be at most MaxRetryDelay, %v", c.MaxRetryDelay))
	}
	faults.Require(c.MaxAttempts >= 0, "MaxAttempts", c.MaxAttempts, "must not be negative")
	faults.Require(c.CloseTimeout >= 0, "CloseTimeout", c.CloseTimeout, "must not be negative")
	return faults.Err()
}

func (c Config) withDefaults() Config {
	orDefault(&c.BufferBytes, 256<<10)
	orDefault(&c.Buffers, 4)
	orDefault(&c.MaxWrite, min(c.BufferBytes*c.Buffers, mostWrite))
	orDefault(&c.FlushInterval, time.Second)
	orDefault(&c.RetryDelay, 100*time.Millisecond)
	orDefault(&c.MaxRetryDelay, max(5*time.Second, c.RetryDelay))
	orDefault(&c.CloseTimeout, 5*time.Second)
	return c
}

// orDefault sets a field that was left at its zero value.
func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Overflow is what a [Writer] does with a write when all its buffers are full. It reads from and prints as text.
type Overflow uint8

const (
	// Block makes Write wait for room. While the sink fails, it returns the sink's error instead.
	Block Overflow = iota
	// DropNewest answers with a [*FullError].
	DropNewest
	// DropOldest makes room: the buffer that has waited longest is dropped, with all writes in it.
	DropOldest
	// Spill puts the buffer that is full into the queue given with [WithQueue]. What is there is written when the
	// sink has taken what is in memory, and in order.
	Spill
)

// String gives the name: block, drop_newest, drop_oldest or spill.
func (o Overflow) String() string {
	switch o {
	case Block:
		return "block"
	case DropNewest:
		return "drop_newest"
	case DropOldest:
		return "drop_oldest"
	case Spill:
		return "spill"
	}
	return fmt.Sprintf("Overflow(%d)", uint8(o))
}

// MarshalText gives the name.
func (o Overflow) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads a name; an empty one is [Block].
func (o *Overflow) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*o = Block
		return nil
	}
	for k := Block; k <= Spill; k++ {
		if string(text) == k.String() {
			*o = k
			return nil
		}
	}
	return fmt.Errorf("writer: overflow %q is not one of block, drop_newest, drop_oldest, spill: %w", text, core.ErrInvalid)
}
