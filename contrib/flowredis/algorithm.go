package flowredis

import (
	"github.com/goflow-go/goflow/limit"
)

// algorithm is how limiters of one sort decide: a script, and what it is given and answers. All else
// is the same for all of them.
//
// The script's KEYS are the state and, where it is in reach, the quota in force; its ARGV are that
// quota as text, the number of permits, and what prepare made of rate and burst. It replies with
// integers, which the reader turns into a decision; with an error that begins with QUOTA when the
// quota in force is not the one it was given; and with one that begins with STATE when it cannot read
// the state. It takes the time from the server, and gives the state a lifetime whenever it writes it.
type algorithm struct {
	name    string // as telemetry spells it
	kind    string // of its keys; no two algorithms share one
	script  *script
	paced   bool // the script gives who would wait a time to leave at
	prepare func(rate limit.Rate, burst int) (args []any, r reader)

	valid  func(rate limit.Rate, burst int) error // what more must hold of a quota; nil for nothing
	resize func(q *quota, burst int) limit.Rate   // the rate that goes with another burst; nil for the same
}

// reader understands the replies of a script that was given one quota.
type reader interface {
	// decision is the reply as a decision about n permits; ok is false for a reply no such script gives.
	decision(reply []int64, n int) (d limit.Decision, ok bool)
	// full is the decision that gives n permits of a limiter nothing of which is in use.
	full(n int) limit.Decision
}
