package sched

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Jitter is due a while after t is, so that jobs of many processes, or many jobs of one, do not start
// together. How long differs from time to time as the spread says, but is always less than the time to
// when t is due next, so none is early, lost or passed by another.
//
// The delay is a function of the time and a seed, which is random unless the spread was [Spread.Seeded]:
// asking twice gives the same answer.
func Jitter(t Trigger, spread Spread) Trigger {
	if !spread.seeded {
		spread.seed = rand.Uint64()
	}
	return &jitter{t, spread}
}

// Spread is a distribution of delays: [Uniform], [Gaussian], [Exponential] or [Full].
type Spread struct {
	kind   spreadKind
	a, b   time.Duration
	seed   uint64
	seeded bool
}

type spreadKind uint8

const (
	spreadNone spreadKind = iota
	spreadUniform
	spreadGaussian
	spreadExponential
	spreadFull
)

// Uniform is any delay below limit, each as likely.
func Uniform(limit time.Duration) Spread { return Spread{kind: spreadUniform, a: limit} }

// Gaussian is a delay around mean, normally distributed: two thirds are within one deviation of it. What
// would be negative is none.
func Gaussian(mean, deviation time.Duration) Spread {
	return Spread{kind: spreadGaussian, a: mean, b: deviation}
}

// Exponential is a short delay most of the time and now and then a long one, mean on average.
func Exponential(mean time.Duration) Spread { return Spread{kind: spreadExponential, a: mean} }

// Full is any delay up to when the trigger is due next.
func Full() Spread { return Spread{kind: spreadFull} }

// Seeded makes the delays a function of the text: processes that give the same are due at the same
// times, so that they can agree on which of them runs; jobs that give their names are spread evenly.
func (s Spread) Seeded(text string) Spread {
	s.seed, s.seeded = fnv(text), true
	return s
}

// fnv is the 64-bit FNV-1a hash: the same in every process.
func fnv(text string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return h
}

func (s Spread) check() error {
	var faults core.Faults
	faults.Require(s.kind != spreadNone, "Jitter", "Spread{}", "must be Uniform, Gaussian, Exponential or Full")
	switch s.kind {
	case spreadUniform:
		faults.Require(s.a > 0, "Uniform", s.a, "must be above 0")
	case spreadGaussian:
		faults.Require(s.a >= 0, "Gaussian", s.a, "must have a mean that is not negative")
		faults.Require(s.b > 0, "Gaussian", s.b, "must have a deviation above 0")
	case spreadExponential:
		faults.Require(s.a > 0, "Exponential", s.a, "must be above 0")
	case spreadNone, spreadFull:
	}
	return faults.Err()
}

// delay is the delay of what is due at t, below gap.
func (s Spread) delay(t time.Time, gap time.Duration) time.Duration {
	var d float64
	u := s.random(uint64(t.UnixNano()))
	switch s.kind {
	case spreadUniform:
		d = u * float64(s.a)
	case spreadGaussian:
		d = float64(s.a) + float64(s.b)*math.Sqrt2*math.Erfinv(2*u-1)
	case spreadExponential:
		d = -math.Log1p(-u) * float64(s.a)
	case spreadFull:
		d = u * float64(gap)
	case spreadNone:
	}
	return time.Duration(max(0, min(d, float64(gap-1))))
}

// random is a number from 0 to 1, both left out, for x and the seed: the finalizer of SplitMix64
// (Steele, Lea and Flood, 2014) over both.
func (s Spread) random(x uint64) float64 {
	x ^= (s.seed<<32 | s.seed>>32) + 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	x ^= x >> 31
	return (float64(x>>11) + 0.5) / (1 << 53)
}

type jitter struct {
	Trigger
	spread Spread
}

// Next gives the delayed time of what t gives next. Asked with a time it gave, it passes over nothing:
// a delay ends before the next one's begins.
func (j *jitter) Next(after time.Time) (time.Time, bool) {
	base, ok := j.Trigger.Next(after)
	if !ok {
		return base, false
	}
	gap := time.Duration(math.MaxInt64)
	if next, ok := j.Trigger.Next(base); ok {
		gap = next.Sub(base)
	}
	return base.Add(j.spread.delay(base, gap)), true
}

func (j *jitter) pace() pace { return paceOf(j.Trigger) }

func (j *jitter) check() error {
	if err := checkTrigger(j.Trigger); err != nil {
		return fmt.Errorf("Jitter: %w", err)
	}
	return j.spread.check()
}
