package lease

import (
	"cmp"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Config is the config of a [Locker].
type Config struct {
	// TTL is how long the store keeps a key for a holder that is not heard of any more: how long others
	// wait when a holder dies. Defaults to 15 s. It must be at least three times Timeout, so that a
	// renewal may fail and be tried again.
	TTL time.Duration `json:"ttl" yaml:"ttl" env:"TTL"`
	// Timeout is how long one request to the store may take, at least 10 ms. Defaults to a sixth of TTL, but
	// at least 10 ms and at most 1 s.
	Timeout time.Duration `json:"timeout" yaml:"timeout" env:"TIMEOUT"`
	// Margin is how long before the store would give the key to another the holder stops trusting its lease.
	// It makes up for clocks that do not run at the same speed, and is the time work has to end in. At
	// most a third of TTL. Defaults to a tenth of TTL.
	Margin time.Duration `json:"margin" yaml:"margin" env:"MARGIN"`
	// Poll is about how often those who wait ask a store that is no [Watcher], and how long they wait after
	// a request that failed. Defaults to a twentieth of TTL, but at least 10 ms and at most 500 ms.
	Poll time.Duration `json:"poll" yaml:"poll" env:"POLL"`
	// DoneFor is how long [Once] remembers that an occurrence has run. It must be longer than the clocks of
	// all instances are apart, and than a run may be late. Defaults to 1 h.
	DoneFor time.Duration `json:"done_for" yaml:"done_for" env:"DONE_FOR"`
	// MaxWaiters is how many callers may wait at the same time; further ones are rejected at once.
	// Defaults to 10,000.
	MaxWaiters int `json:"max_waiters" yaml:"max_waiters" env:"MAX_WAITERS"`
}

const (
	minRequest  = 10 * time.Millisecond
	maxDuration = 10 * 365 * 24 * time.Hour // bounds what is added to a time
)

// Validate reports everything that is wrong with c.
func (c Config) Validate() error {
	var faults core.Faults
	d := c.withDefaults()
	faults.Require(c.TTL == 0 || d.TTL >= 3*d.Timeout, "TTL", c.TTL,
		fmt.Sprintf("must be at least 3 times Timeout, which is %v", d.Timeout))
	faults.Require(c.Timeout == 0 || c.Timeout >= minRequest, "Timeout", c.Timeout, "must be at least "+minRequest.String())
	faults.Require(c.TTL != 0 || d.TTL >= 3*d.Timeout, "Timeout", c.Timeout,
		fmt.Sprintf("must be at most a third of TTL, which is %v", d.TTL))
	faults.Require(c.Margin >= 0, "Margin", c.Margin, "must not be negative")
	faults.Require(c.TTL < 0 || d.Margin <= d.TTL/3, "Margin", c.Margin, fmt.Sprintf("must be at most a third of TTL, which is %v", d.TTL))
	faults.Require(c.Poll == 0 || c.Poll >= time.Millisecond, "Poll", c.Poll, "must be at least 1ms")
	faults.Require(d.Poll <= max(d.TTL, minRequest), "Poll", c.Poll, fmt.Sprintf("must be at most TTL, which is %v", d.TTL))
	faults.Require(c.DoneFor >= 0, "DoneFor", c.DoneFor, "must not be negative")
	faults.Require(c.TTL <= maxDuration, "TTL", c.TTL, "must be at most "+maxDuration.String())
	faults.Require(c.DoneFor <= maxDuration, "DoneFor", c.DoneFor, "must be at most "+maxDuration.String())
	faults.Require(c.MaxWaiters >= 0, "MaxWaiters", c.MaxWaiters, "must not be negative")
	return faults.Err()
}

func (c Config) withDefaults() Config {
	c.TTL = cmp.Or(c.TTL, 15*time.Second)
	c.Timeout = cmp.Or(c.Timeout, min(max(c.TTL/6, minRequest), time.Second))
	c.Margin = cmp.Or(c.Margin, c.TTL/10)
	c.Poll = cmp.Or(c.Poll, min(max(c.TTL/20, minRequest), 500*time.Millisecond))
	c.DoneFor = cmp.Or(c.DoneFor, time.Hour)
	c.MaxWaiters = cmp.Or(c.MaxWaiters, 10_000)
	return c
}

// trusted is how long after a request was sent that gave or extended a lease its holder may act.
func (c Config) trusted() time.Duration { return c.TTL - c.Margin }
