package flowredis

import (
	"time"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// WindowConfig is the config of a fixed or a sliding window, for all or for each key.
type WindowConfig struct {
	// Limit is how many permits a window holds. Required.
	Limit int `json:"limit" yaml:"limit" env:"LIMIT"`
	// Window is how long a window is, 1ms at the least. Required.
	Window time.Duration `json:"window" yaml:"window" env:"WINDOW"`
	// Fallback is what decides when Redis cannot be asked. Defaults to [FallbackLocal].
	Fallback Fallback `json:"fallback" yaml:"fallback" env:"FALLBACK"`
	// MaxWaiters is how many callers of this process may wait at the same time; further ones are
	// rejected at once. Defaults to 10,000. A keyed limiter has no waiters.
	MaxWaiters int `json:"max_waiters" yaml:"max_waiters" env:"MAX_WAITERS"`
	// MaxKeys is how many keys of a keyed limiter are told apart while [FallbackLocal] decides; the others
	// share one bucket. Redis keeps any number of them. Defaults to 100,000.
	MaxKeys int `json:"max_keys" yaml:"max_keys" env:"MAX_KEYS"`
	// CacheDenials denies without a round trip what Redis has denied, until its RetryAfter is over. It
	// never denies what Redis would allow; except that a quota set elsewhere, or a state that Redis has
	// lost, may be noticed as much later.
	CacheDenials bool `json:"cache_denials" yaml:"cache_denials" env:"CACHE_DENIALS"`
	// Batch lets concurrent callers of this process share round trips: more decisions, each a
	// little slower. Permits decided for a caller that left meanwhile count as used. In a cluster, those
	// who share one wait for the slowest server.
	Batch bool `json:"batch" yaml:"batch" env:"BATCH"`
}

// Validate reports everything that is wrong with c.
func (c WindowConfig) Validate() error { return c.settings(fixedWindow).Validate() }

func (c WindowConfig) settings(a *algorithm) settings {
	return settings{
		algorithm: a, rate: limit.Per(float64(c.Limit), c.Window), burst: c.Limit,
		fallback: c.Fallback, maxWaiters: c.MaxWaiters, maxKeys: c.MaxKeys,
		cacheDenials: c.CacheDenials, batch: c.Batch,
		own: limit.WindowConfig{Limit: c.Limit, Window: c.Window}.Validate,
	}
}

var (
	fixedWindow   = newWindowAlgorithm(flowconv.LimiterAlgorithmFixedWindow, "fw", false)
	slidingWindow = newWindowAlgorithm(flowconv.LimiterAlgorithmSlidingWindow, "sw", true)
)

func newWindowAlgorithm(name, kind string, sliding bool) *algorithm {
	return &algorithm{
		name: name, kind: kind, script: windowScript,
		prepare: func(rate limit.Rate, burst int) ([]any, reader) {
			w := newWindows(rate, burst, sliding)
			return w.args(), w
		},
		valid: func(rate limit.Rate, burst int) error {
			return limit.WindowConfig{Limit: burst, Window: newWindows(rate, burst, sliding).length()}.Validate()
		},
		resize: func(q *quota, burst int) limit.Rate {
			return limit.Per(float64(burst), q.reader.(windows).length())
		},
	}
}

// NewFixedWindow makes a limit of so many permits in each window of the clock: "1000 an hour", from the
// full hour to the next, for everyone who asks in any process. Windows begin at multiples of Window
// since the Unix epoch, on the server's clock. No window holds more than Limit, but a stretch of time as
// long as Window lies across an edge, and may hold up to twice as many; see limit.FixedWindow.
//
// SetBurst changes how many permits a window holds, and SetRate how long it is. Permits in use stay in
// use. A window is a script like all else here: that Redis has commands of its own for it
// (INCREX, from 8.8) is not made use of.
func NewFixedWindow(name string, c *Coordinator, cfg WindowConfig, opts ...Option) (*Limiter, error) {
	return newLimiter(name, c, cfg.settings(fixedWindow), opts)
}

// NewKeyedFixedWindow is [NewFixedWindow] with a count for each key.
func NewKeyedFixedWindow(name string, c *Coordinator, cfg WindowConfig, opts ...Option) (*Keyed, error) {
	return newKeyed(name, c, cfg.settings(fixedWindow), opts)
}

// NewSlidingWindow makes a limit of so many permits in a window that slides along with time, counted by
// two counters as limit.SlidingWindow does: what is in use is the count of the current window of the
// server's clock, and of that before it the share that is still overlapped. What is in use never
// exceeds Limit; a stretch of time as long as Window holds less than twice as many. SetBurst and SetRate
// are as for [NewFixedWindow].
func NewSlidingWindow(name string, c *Coordinator, cfg WindowConfig, opts ...Option) (*Limiter, error) {
	return newLimiter(name, c, cfg.settings(slidingWindow), opts)
}

// NewKeyedSlidingWindow is [NewSlidingWindow] with counts for each key.
func NewKeyedSlidingWindow(name string, c *Coordinator, cfg WindowConfig, opts ...Option) (*Keyed, error) {
	return newKeyed(name, c, cfg.settings(slidingWindow), opts)
}
