package faults

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// row is one fault, and what holds nevertheless.
type row struct {
	id, fault, figure string
	always            bool // short enough for every run of the tests
	run               func(*trial)
}

var rows = []row{
	{"R1", "single: kill -9, back after 3 s", "coordinated < 1.5 s after it is back", true, killedAndBack},
	{"R2", "single: SIGSTOP 4 s, SIGCONT", "uncertain calls <= 64 in flight and the probes; charged twice 0", true, stopped},
	{"R3", "Sentinel: kill -9 of the master", "coordinated < 4 s after the kill", true, sentinelKilled},
	{"R4", "Sentinel: SIGSTOP of the master 10 s, SIGCONT", "coordinated < 4 s after the stop; old master a replica, callers see nothing", false, sentinelStopped},
	{"R5", "Sentinel: 10 s split, master and a client on one side", "over <= burst + rate x (split + 11 s)", false, split},
	{"R5m", "the same with min-replicas-to-write 1", "over <= burst + rate x 1.5 s", false, splitWithMinReplicas},
	{"R6", "Cluster: kill -9 of a master, for good", "coordinated < 4 s after the kill; other slots: 0 errors", true, clusterKilled},
	{"R7", "Cluster: SIGSTOP of a master", "coordinated < 4 s after the stop; other slots: 0 errors", false, clusterStopped},
	{"R8", "Cluster: 1,000 slots move under load", "errors 0; charged twice 0", false, slotsMove},
	{"R9", "single: replies cut, and late", "script runs <= calls; charged twice 0", true, repliesLost},
	{"R10", "single: 5/50/500 ms, jitter, 10 KB/s, resets, half-open, 1-byte slices", "degraded < 1 s at 500 ms, coordinated < 2 s after", false, badNetwork},
	{"R11", "single: SCRIPT FLUSH each 100 ms, OOM, CLIENT KILL, FLUSHALL, WRONGTYPE, DEBUG SLEEP 2", "errors 0; FLUSHALL one burst more", true, serverTrouble},
	{"R12", "single: the server's clock steps +1 h, -1 h, +-50 ms", "over <= 1 burst a step; never stuck > 1 burst's time", false, clockSteps},
	{"R13", "single: wrong password, password changed live, certificate expired, TLS and plain mixed up", "< 5 dials/s; the secret is not shown", false, loginTrouble},
	{"R14", "single: PoolSize 1, 200 callers", "decisions in budget; no deadlock", false, poolStarved},
	{"E1", "4 processes, one limit", "over 0", true, fourProcesses},
	{"E2", "lossy relay, 30 % of the replies spoiled", "charged twice 0", true, lossyRelay},
}

// chosen are the rows that $GOFLOW_FAULTS names, and whether to run them in full.
func chosen(tb testing.TB) (list []row, full bool) {
	tb.Helper()
	which := os.Getenv("GOFLOW_FAULTS")
	ids := strings.Split(which, ",")
	for _, r := range rows {
		if which == "" && r.always || which == "1" || slices.Contains(ids, r.id) {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		tb.Fatalf("GOFLOW_FAULTS is %q, and no row has that name", which)
	}
	return list, which != ""
}

// seed repeats what a run chose at random.
func seed(tb testing.TB) uint64 {
	tb.Helper()
	text := os.Getenv("GOFLOW_FAULTS_SEED")
	if text == "" {
		return uint64(time.Now().Unix())
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// The rows run one after the other: each measures how long things take.
func TestLimitsHoldWhateverGoesWrong(t *testing.T) {
	list, full := chosen(t)
	from := seed(t)
	for _, r := range list {
		t.Run(r.id+" "+r.fault, func(t *testing.T) { runRow(t, r, full, from) })
	}
}
