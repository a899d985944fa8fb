package console

import (
	"time"

	"github.com/goflow-go/goflow/core"
)

// RecorderConfig is the config of a [Recorder]. The zero value is ready to use.
type RecorderConfig struct {
	// MaxSpanBytes bounds the spans that are kept, in bytes. Defaults to 16 MiB; at least 1 MiB.
	MaxSpanBytes int `json:"max_span_bytes" yaml:"max_span_bytes" env:"MAX_SPAN_BYTES"`
	// MaxLogBytes bounds the log records that are kept, in bytes. Defaults to 8 MiB; at least 1 MiB.
	MaxLogBytes int `json:"max_log_bytes" yaml:"max_log_bytes" env:"MAX_LOG_BYTES"`
	// MaxSeries bounds the series of metrics that are kept; a histogram counts as four. Those that come
	// when there is no room are left out. Defaults to 2000.
	MaxSeries int `json:"max_series" yaml:"max_series" env:"MAX_SERIES"`
}

const (
	minRing = 1 << 20

	defaultSpanBytes = 16 << 20
	defaultLogBytes  = 8 << 20
	defaultSeries    = 2000
)

// Validate reports everything that is wrong with c.
func (c RecorderConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.MaxSpanBytes == 0 || c.MaxSpanBytes >= minRing, "MaxSpanBytes", c.MaxSpanBytes, "must be at least 1 MiB")
	faults.Require(c.MaxLogBytes == 0 || c.MaxLogBytes >= minRing, "MaxLogBytes", c.MaxLogBytes, "must be at least 1 MiB")
	faults.Require(c.MaxSeries >= 0, "MaxSeries", c.MaxSeries, "must not be negative")
	return faults.Err()
}

func (c RecorderConfig) withDefaults() RecorderConfig {
	if c.MaxSpanBytes == 0 {
		c.MaxSpanBytes = defaultSpanBytes
	}
	if c.MaxLogBytes == 0 {
		c.MaxLogBytes = defaultLogBytes
	}
	if c.MaxSeries == 0 {
		c.MaxSeries = defaultSeries
	}
	return c
}

// Config is the config of a [Console]. The zero value shows everything to who reaches it, and lets
// nobody change anything.
type Config struct {
	// Token is what a request has to carry to change something, as "Authorization: Bearer TOKEN". It has
	// at least 16 bytes; 32 random ones, in hexadecimal, are good. Without it nothing can be changed.
	Token Secret `json:"token" yaml:"token" env:"TOKEN"`
	// Private asks for the token of those too who only look. It needs a Token.
	Private bool `json:"private" yaml:"private" env:"PRIVATE"`
}

const minToken = 16

// Validate reports everything that is wrong with c.
func (c Config) Validate() error {
	var faults core.Faults
	faults.Require(c.Token == "" || len(c.Token) >= minToken, "Token", c.Token, "must have at least 16 bytes")
	faults.Require(!c.Private || c.Token != "", "Private", c.Private, "needs a Token")
	return faults.Err()
}

const (
	step      = time.Second // from one reading of the metrics to the next
	retention = 900         // readings that are kept: 15 minutes
	maxList   = 1000        // entries of any list in an answer
)
