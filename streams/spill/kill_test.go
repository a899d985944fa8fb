package spill_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams/spill"
)

// runs is how often a test does what it does: n, or what an environment variable says.
func runs(t testing.TB, variable string, n int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return n
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// ended is a context for callers that do not wait.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// numbered is a record that can be told from all others, and from an altered one.
func numbered(n uint64) []byte {
	rng := rand.New(rand.NewPCG(n, 1))
	rec := binary.BigEndian.AppendUint64(nil, n)
	for range rng.IntN(40) {
		rec = binary.BigEndian.AppendUint64(rec, rng.Uint64())
	}
	return rec
}

// numberOf reads a numbered record, and fails when it is altered.
func numberOf(t testing.TB, rec []byte) uint64 {
	t.Helper()
	if len(rec) < 8 {
		t.Fatalf("record of %d bytes", len(rec))
	}
	n := binary.BigEndian.Uint64(rec)
	if string(numbered(n)) != string(rec) {
		t.Fatalf("record %d is altered", n)
	}
	return n
}

// killConfig has segments so small that there are crashes at all their borders.
func killConfig(dir string, sync spill.Sync) spill.Config {
	return spill.Config{Dir: dir, Sync: sync, SegmentBytes: 4096, MaxBytes: 1 << 24, SyncEvery: 5 * time.Millisecond}
}

// child pushes, and now and then pops and acknowledges, until it is killed. It says what it has done,
// and of acknowledgements what it is about to do.
func child(dir string) {
	mode, _ := strconv.Atoi(os.Getenv("SPILL_SYNC"))
	next, _ := strconv.ParseUint(os.Getenv("SPILL_NEXT"), 10, 64)
	q, err := spill.Open("uploads", killConfig(dir, spill.Sync(mode)))
	if err != nil {
		fmt.Fprintln(os.Stdout, "error", err)
		return
	}
	ctx := context.Background()
	var batch spill.Batch
	for ; ; next++ {
		if err := q.Push(ctx, numbered(next)); err != nil {
			fmt.Fprintln(os.Stdout, "error", err)
			return
		}
		fmt.Fprintln(os.Stdout, "pushed", next)
		if next%7 != 0 {
			continue
		}
		_ = q.PopBatch(ctx, &batch, 5)
		fmt.Fprintln(os.Stdout, "acks", binary.BigEndian.Uint64(batch.Records[len(batch.Records)-1].Data))
		if err := q.Ack(ctx, batch.Last()); err != nil {
			fmt.Fprintln(os.Stdout, "error", err)
			return
		}
	}
}

// kill runs a child until it is killed after some lines, and reports what it has said last.
func kill(t *testing.T, dir string, sync spill.Sync, next uint64, lines int) (pushed, acks uint64) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "SPILL_CHILD="+dir, fmt.Sprintf("SPILL_SYNC=%d", sync), fmt.Sprintf("SPILL_NEXT=%d", next))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(out)
	for n := 0; in.Scan(); n++ {
		verb, rest, _ := strings.Cut(in.Text(), " ")
		number, err := strconv.ParseUint(rest, 10, 64)
		switch {
		case err != nil:
			t.Fatal(in.Text())
		case verb == "pushed":
			pushed = number
		default:
			acks = number
		}
		if n == lines {
			_ = cmd.Process.Kill() // what it has said since is still read
		}
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	return pushed, acks
}

func TestKilledProcessLosesNoRecordItHadStored(t *testing.T) {
	t.Parallel()
	n := runs(t, "SPILL_KILLS", 20)
	for _, sync := range []spill.Sync{spill.SyncInterval, spill.SyncAlways} {
		t.Run(sync.String(), func(t *testing.T) {
			t.Parallel()
			dir, acked, next := t.TempDir(), uint64(0), uint64(1)
			for i := range n / 2 {
				pushed, acks := kill(t, dir, sync, next, 1+rand.IntN(300))
				acked = max(acked, acks)
				next = checkKilled(t, killConfig(dir, sync), pushed, &acked, i%10 == 9) + 1
			}
		})
	}
}

// checkKilled reads what a killed child has left: all from acked on to pushed, and at most one more.
func checkKilled(t *testing.T, cfg spill.Config, pushed uint64, acked *uint64, ack bool) (last uint64) {
	t.Helper()
	q, err := spill.Open("uploads", cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer closeQueue(t, q)
	if lost := q.Stats().Lost; lost > 1 { // the one that was being written
		t.Errorf("%d records lost", lost)
	}
	last = *acked
	first := true
	for {
		rec, err := q.Pop(ended())
		if errors.Is(err, context.Canceled) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch n := numberOf(t, rec.Data); {
		case first && n > *acked+1, !first && n != last+1:
			t.Fatalf("got record %d after %d, acknowledged was %d", n, last, *acked)
		default:
			last, first = n, false
		}
		if ack {
			if err := q.Ack(t.Context(), rec.Seq); err != nil {
				t.Fatal(err)
			}
		}
	}
	if last < pushed || last > max(pushed, *acked)+1 {
		t.Fatalf("got records up to %d, want %d", last, pushed)
	}
	if ack {
		*acked = last
	}
	return last
}

func TestSecondProcessIsLockedOutAtOnce(t *testing.T) {
	t.Parallel()
	cfg := killConfig(t.TempDir(), spill.SyncInterval)
	openQueue(t, cfg)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "SPILL_CHILD="+cfg.Dir)
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), spill.ErrLocked.Error()) {
		t.Errorf("got %q, %v, want an error that says %q", out, err, spill.ErrLocked)
	}
	began := time.Now()
	_, err = spill.Open("uploads", cfg)
	if took := time.Since(began); !errors.Is(err, spill.ErrLocked) || took > 5*time.Second {
		t.Errorf("got %v after %v, want %v at once", err, took, spill.ErrLocked)
	}
	if _, err := spill.Repair(cfg.Dir); !errors.Is(err, spill.ErrLocked) {
		t.Errorf("got %v, want %v", err, spill.ErrLocked)
	}
	var disk *spill.DiskError
	if !errors.As(err, &disk) || core.ErrorType(err) != core.TypeUnavailable {
		t.Errorf("got %v of type %q, want a disk error of type %q", err, core.ErrorType(err), core.TypeUnavailable)
	}
}
