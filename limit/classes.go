package limit

import (
	"fmt"

	"github.com/goflow-go/goflow/core"
)

// Quota is a rate and a burst.
type Quota struct {
	// Rate is how fast permits come back. Required.
	Rate Rate `json:"rate" yaml:"rate" env:"RATE"`
	// Burst is how many permits can be had at once. Defaults to 1.
	Burst int `json:"burst" yaml:"burst" env:"BURST"`
}

// WithClasses gives some keys of a [Keyed] limiter another quota than its config's: keys for which
// classOf is i, from 1, have the i-th of classes; any other number is for the config's quota. So plans
// have one limiter, and one bound on keys. classOf is called in each decision, by many goroutines at the
// same time. Keys beyond MaxKeys share one bucket of the config's quota, whatever their class.
//
// All classes share a clock tick, as coarse as the slowest class needs: a billionth of a second at
// most. A key whose class changes keeps the time it owes. A limiter with classes refuses SetRate and
// SetBurst.
func WithClasses(classOf func(key string) int, classes ...Quota) Option {
	return optionFunc(func(o *options) { o.classOf, o.classes = classOf, classes })
}

// maxClasses keeps what a table carries small.
const maxClasses = 64

// validClasses reports what is wrong with the classes.
func (o *options) validClasses() error {
	var faults core.Faults
	faults.Require(len(o.classes) <= maxClasses, "classes", len(o.classes), fmt.Sprintf("must be at most %d", maxClasses))
	faults.Require(len(o.classes) == 0 || o.classOf != nil, "classOf", "nil", "must be set")
	for _, c := range o.classes {
		requireQuota(&faults, c.Rate, c.Burst)
	}
	return faults.Err()
}

// classify notes the quotas of the classes, and gives all and q the same ticks.
//
// A slot does not know its key's class: it holds until when the key's permits are paid for, which means
// the same in every class because ticks are the same. Only a decision needs the interval and the burst.
func (k *Keyed) classify(q *quota, o options) *quota {
	shift := q.shift
	for _, c := range o.classes {
		c.Burst = max(c.Burst, 1)
		k.classes = append(k.classes, newQuota(c.Rate, c.Burst, q.base))
		shift = min(shift, k.classes[len(k.classes)-1].shift)
	}
	for i, c := range k.classes {
		k.classes[i] = newQuotaIn(c.rate, c.burst, q.base, shift)
	}
	if len(k.classes) > 0 {
		k.classOf = o.classOf
	}
	return newQuotaIn(q.rate, q.burst, q.base, shift)
}

// class is the number of key's class, 0 for none.
func (k *Keyed) class(key string) int {
	if k.classOf == nil {
		return 0
	}
	if c := k.classOf(key); c > 0 && c <= len(k.classes) {
		return c
	}
	return 0
}

// burst is the burst of a class.
func (k *Keyed) burst(class int) int {
	if class > 0 {
		return k.classes[class-1].burst
	}
	return k.overflow.quota.Load().burst
}

// newTable is newTable with the classes.
func (k *Keyed) newTable(q *quota, keys int) *table {
	t := newTable(q, keys)
	for _, c := range k.classes {
		t.classes = append(t.classes, c.at(q.base))
	}
	return t
}
