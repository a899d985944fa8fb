package spill_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams/spill"
)

func TestWrongArgumentsAreErrors(t *testing.T) {
	t.Parallel()
	_, err := spill.Open("", spill.Config{SegmentBytes: -1, MaxBytes: -1, MinFree: -1, MaxRecordBytes: -1, SyncEvery: -1, Sync: 9, Overflow: 9})
	for _, field := range []string{"name", "Dir", "SegmentBytes", "MaxBytes", "MinFree", "MaxRecordBytes", "SyncEvery", "Sync must", "Overflow"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("got %v, want a fault of %s", err, field)
		}
	}
	for _, cfg := range []spill.Config{
		{Dir: "d", SegmentBytes: 100}, {Dir: "d", SegmentBytes: 1 << 40}, {Dir: "d", SegmentBytes: 1 << 20, MaxBytes: 1 << 20},
		{Dir: "d", SegmentBytes: 1 << 10, MaxRecordBytes: 1 << 10}, {Dir: "d", MaxBytes: 10},
	} {
		if err := cfg.Validate(); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%+v: got %v, want %v", cfg, err, core.ErrInvalid)
		}
	}
	for _, cfg := range []spill.Config{{Dir: "d"}, {Dir: "d", MaxBytes: 4096}, {Dir: "d", SegmentBytes: 1 << 30}} {
		if err := cfg.Validate(); err != nil {
			t.Errorf("%+v: got %v", cfg, err)
		}
	}
	q := openQueue(t, spill.Config{MaxRecordBytes: 10})
	var long *spill.RecordError
	if err := q.Push(t.Context(), make([]byte, 11)); !errors.As(err, &long) || !errors.Is(err, core.ErrInvalid) || core.ErrorType(err) != core.TypeInvalid {
		t.Errorf("got %v, want a record error", err)
	}
	if err := q.Ack(t.Context(), 1); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v, want %v", err, core.ErrInvalid)
	}
	if _, err := spill.Verify(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want %v", err, os.ErrNotExist)
	}
	open := t.TempDir()
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := spill.Open("uploads", spill.Config{Dir: open}); err == nil || !strings.Contains(err.Error(), "everyone may write") {
		t.Errorf("got %v, want the directory refused", err)
	}
}

func TestEnumsAreReadByName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]spill.Sync{"interval": spill.SyncInterval, "never": spill.SyncNever, "always": spill.SyncAlways, "": spill.SyncInterval} {
		var got spill.Sync
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]spill.Overflow{"block": spill.Block, "reject": spill.Reject, "drop_oldest": spill.DropOldest, "": spill.Block} {
		var got spill.Overflow
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
		if b, err := want.MarshalText(); text != "" && (err != nil || string(b) != text) {
			t.Errorf("got %q, %v, want %q", b, err, text)
		}
	}
	var s spill.Sync
	if err := s.UnmarshalText([]byte("often")); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v, want %v", err, core.ErrInvalid)
	}
}
