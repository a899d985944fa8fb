package limittest

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// Model is a token bucket as one would explain it: a bucket of burst tokens that starts full, gains
// tokens at the rate, never holds more than the burst, and gives n of them away when it has so many.
// It counts tokens as exact fractions. Time is given to it, as the time since it was made; a time
// before the latest counts as the latest. It is not safe for concurrent use.
type Model struct {
	interval *big.Rat // nanoseconds from token to token
	burst    int
	tokens   *big.Rat // at now; below zero when tokens were given out ahead of time
	now      time.Duration
}

// NewModel makes a full bucket of a rate and a burst that a limiter would accept; others panic.
func NewModel(rate limit.Rate, burst int) *Model {
	return &Model{interval: interval(rate), burst: burst, tokens: whole(burst)}
}

// Take takes n tokens at now if there are so many, or none.
func (m *Model) Take(now time.Duration, n int) limit.Decision {
	tokens := m.Tokens(now)
	ok := tokens.Cmp(whole(n)) >= 0
	if ok {
		m.tokens.Sub(m.tokens, whole(n))
	}
	d := m.look()
	d.Allowed = ok
	if !ok {
		d.RetryAfter = m.until(whole(n))
	}
	return d
}

// Reserve takes n tokens, ahead of time when they are not there, and says how long after now they are.
func (m *Model) Reserve(now time.Duration, n int) (delay time.Duration) {
	m.Tokens(now)
	delay = max(m.until(whole(n)), 0)
	m.tokens.Sub(m.tokens, whole(n))
	return delay
}

// Return puts n tokens back.
func (m *Model) Return(now time.Duration, n int) {
	m.Tokens(now)
	m.tokens.Add(m.tokens, whole(n))
	m.cap()
}

// Set changes rate and burst. Tokens given away stay away.
func (m *Model) Set(now time.Duration, rate limit.Rate, burst int) {
	m.Tokens(now)
	m.tokens.Add(m.tokens, whole(burst-m.burst))
	m.interval, m.burst = interval(rate), burst
}

// Tokens is how many tokens there are at now; below zero when they were given out ahead of time.
func (m *Model) Tokens(now time.Duration) *big.Rat {
	if now > m.now {
		gained := new(big.Rat).Quo(nanoseconds(now-m.now), m.interval)
		m.tokens.Add(m.tokens, gained)
		m.cap()
		m.now = now
	}
	return new(big.Rat).Set(m.tokens)
}

func (m *Model) cap() {
	if full := whole(m.burst); m.tokens.Cmp(full) > 0 {
		m.tokens = full
	}
}

// look describes the state.
func (m *Model) look() limit.Decision {
	d := limit.Decision{
		Limit:      m.burst,
		Window:     ceil(new(big.Rat).Mul(m.interval, whole(m.burst))),
		ResetAfter: m.until(whole(m.burst)),
	}
	if m.tokens.Sign() > 0 {
		d.Remaining = int(new(big.Int).Quo(m.tokens.Num(), m.tokens.Denom()).Int64())
	}
	if d.ResetAfter > 0 {
		d.NextAfter = m.until(whole(d.Remaining + 1))
	}
	return d
}

// until is how long it takes to hold so many tokens, rounded up to a nanosecond.
func (m *Model) until(tokens *big.Rat) time.Duration {
	missing := new(big.Rat).Sub(tokens, m.tokens)
	return ceil(missing.Mul(missing, m.interval))
}

func whole(n int) *big.Rat                 { return new(big.Rat).SetInt64(int64(n)) }
func nanoseconds(d time.Duration) *big.Rat { return new(big.Rat).SetInt64(int64(d)) }

// ceil gives nanoseconds rounded up; at most what a Duration holds.
func ceil(ns *big.Rat) time.Duration {
	q, rest := new(big.Int).DivMod(ns.Num(), ns.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return time.Duration(q.Int64())
}

// interval reads a rate's text, which gives it exactly.
func interval(rate limit.Rate) *big.Rat {
	count, unit, _ := strings.Cut(rate.String(), "/")
	tokens, err := strconv.ParseFloat(count, 64)
	if err == nil && tokens > 0 {
		for _, text := range []string{unit, "1" + unit, "24h"} {
			if per, err := time.ParseDuration(text); err == nil && per > 0 {
				return new(big.Rat).Quo(nanoseconds(per), new(big.Rat).SetFloat64(tokens))
			}
		}
	}
	panic(fmt.Sprintf("limittest: no model of the rate %v", rate))
}
