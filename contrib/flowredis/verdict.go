package flowredis

import (
	"errors"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// verdict is what became of one round trip.
type verdict uint8

const (
	answered  verdict = iota // the script ran
	notRun                   // it surely did not run
	unknown                  // it may have run
	refused                  // the server is there, but its answer is no decision
	abandoned                // the caller's context ended
	verdicts
)

func (v verdict) String() string {
	switch v {
	case answered:
		return flowconv.CoordinationResultAnswered
	case notRun:
		return flowconv.CoordinationResultNotRun
	case refused:
		return flowconv.CoordinationResultRefused
	case abandoned:
		return flowconv.CoordinationResultAbandoned
	case unknown, verdicts:
	}
	return flowconv.CoordinationResultUnknown
}

// passing are replies of a server that will soon be another or in another state. Redis checks all of
// them before a script's first write.
var passing = []string{
	"READONLY ", "LOADING ", "MASTERDOWN ", "CLUSTERDOWN ", "TRYAGAIN ", "NOREPLICAS ", "BUSY ", "MOVED ", "ASK ",
	"ERR max number of clients reached",
}

// lasting are replies of a server that will not serve this client, whatever the key.
var lasting = []string{"OOM ", "MISCONF ", "NOAUTH ", "WRONGPASS ", "NOPERM ", "ERR invalid password", "ERR AUTH ", "DENIED "}

// judge says what an error of a round trip means, and whether to ask again soon.
func judge(err error) (v verdict, again bool) {
	if err == nil {
		return answered, false
	}
	if reply := redis.Error(nil); errors.As(err, &reply) {
		text := reply.Error()
		switch {
		case strings.HasPrefix(text, "QUOTA "):
			return answered, false
		case startsWithAny(text, passing):
			return notRun, true
		case startsWithAny(text, lasting):
			return notRun, false
		}
		return refused, false
	}
	if neverSent(err) {
		return notRun, false
	}
	return unknown, false
}

func startsWithAny(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// neverSent reports whether there was no connection to send anything on.
func neverSent(err error) bool {
	if errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrPoolExhausted) || errors.Is(err, redis.ErrClosed) {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// noScript reports whether the server does not know the script: then it did not run.
func noScript(err error) bool { return err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") }

// otherQuota reports whether the script found another quota in force than the caller knew.
func otherQuota(err error) bool { return redis.HasErrorPrefix(err, "QUOTA ") }
