package flowredis

import (
	"context"
	"crypto/sha1" //nolint:gosec // Redis names scripts by it
	_ "embed"
	"encoding/hex"

	"github.com/redis/go-redis/v9"
)

// script is a Lua script. What its arguments are stands at its head.
type script struct {
	source any // a string, boxed once
	sha    any
}

func newScript(source string) *script {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // Redis names scripts by it
	return &script{source: source, sha: hex.EncodeToString(sum[:])}
}

// The names of the two commands that run a script, boxed once.
var (
	evalsha any = "evalsha"
	eval    any = "eval"
)

// call is the command that runs the script with keys and arguments, the number of keys first.
func (s *script) call(room int) []any { return append(make([]any, 0, room+2), evalsha, s.sha) }

// withSource makes of a call one that sends the script along. It leaves the call as it is: who sent
// it may still look at it.
func (s *script) withSource(call []any) []any {
	return append([]any{eval, s.source}, call[2:]...)
}

// Replies of scripts. A command that says NoRetry is sent once, whatever the client's settings: a
// script that was sent may have run. (A cluster client follows MOVED and ASK nevertheless: then it
// has not.)

// ints is a command whose reply is integers.
type ints struct{ *redis.IntSliceCmd }

// NoRetry is true: see above.
func (ints) NoRetry() bool { return true }

func asInts(ctx context.Context, call []any) redis.Cmder {
	return ints{redis.NewIntSliceCmd(ctx, call...)}
}

// text is a command whose reply is text.
type text struct{ *redis.StringCmd }

// NoRetry is true: see above.
func (text) NoRetry() bool { return true }

func asText(ctx context.Context, call []any) redis.Cmder {
	return text{redis.NewStringCmd(ctx, call...)}
}

// texts is a command whose reply is several texts.
type texts struct{ *redis.StringSliceCmd }

// NoRetry is true: see above.
func (texts) NoRetry() bool { return true }

func asTexts(ctx context.Context, call []any) redis.Cmder {
	return texts{redis.NewStringSliceCmd(ctx, call...)}
}

//go:embed heartbeat.lua
var heartbeatSource string

//go:embed quota.lua
var quotaSource string

//go:embed gcra.lua
var gcraSource string

//go:embed acquire.lua
var acquireSource string

//go:embed renew.lua
var renewSource string

//go:embed release.lua
var releaseSource string

//go:embed pace.lua
var paceSource string

//go:embed unpace.lua
var unpaceSource string

//go:embed grant.lua
var grantSource string

//go:embed window.lua
var windowSource string

//go:embed region_ledger.lua
var ledgerSource string

//go:embed region_fast.lua
var regionFastSource string

//go:embed region_take.lua
var regionTakeSource string

//go:embed region_tick.lua
var tickSource string

//go:embed region_lend.lua
var lendSource string

//go:embed region_borrow.lua
var borrowSource string

var (
	heartbeatScript = newScript(heartbeatSource)
	quotaScript     = newScript(quotaSource)
	gcraScript      = newScript(gcraSource)
	windowScript    = newScript(windowSource)
	paceScript      = newScript(paceSource)
	unpaceScript    = newScript(unpaceSource)
	grantScript     = newScript(grantSource)
	acquireScript   = newScript(acquireSource)
	renewScript     = newScript(renewSource)
	releaseScript   = newScript(releaseSource)
	regionScripts   = newLedgerScripts(regionFastSource, ledgerSource)
)

// ledgerScripts are the scripts of a region's ledger, which begin alike. What decides has a fast path before that.
type ledgerScripts struct{ take, tick, lend, borrow *script }

func newLedgerScripts(fast, begin string) *ledgerScripts {
	return &ledgerScripts{
		take:   newScript(fast + begin + regionTakeSource),
		tick:   newScript(begin + tickSource),
		lend:   newScript(begin + lendSource),
		borrow: newScript(begin + borrowSource),
	}
}
