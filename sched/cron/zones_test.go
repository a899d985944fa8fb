package cron_test

import (
	"archive/zip"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// edge is a change of a zone's offset.
type edge struct{ at, before, after int64 }

// zone is a zone of the database, with all its edges from 1900 to 2060.
type zone struct {
	loc   *time.Location
	edges []edge
	shift int64 // the most the clock ever jumps
}

// zones are all zones of the database that comes with Go.
var zones = sync.OnceValues(func() ([]zone, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	r, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	var found []zone
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		loc, err := readZone(f)
		if err != nil {
			return nil, err
		}
		found = append(found, newZone(loc))
	}
	return found, nil
})

func readZone(f *zip.File) (*time.Location, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(f.Name, data)
}

// newZone finds the edges of a zone.
func newZone(loc *time.Location) zone {
	z := zone{loc: loc}
	first, last := unix(1900), unix(2060)
	for at := first; at < last; {
		_, end := time.Unix(at, 0).In(loc).ZoneBounds()
		if end.IsZero() {
			break
		}
		next := end.Unix()
		if next <= at { // package time forgets the last day of a leap year
			next = at + 24*60*60
		}
		if e := (edge{next, offset(next-1, loc), offset(next, loc)}); e.before != e.after {
			z.edges = append(z.edges, e)
			z.shift = max(z.shift, e.after-e.before, e.before-e.after)
		}
		at = next
	}
	return z
}

// unix is the start of a year.
func unix(year int) int64 { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Unix() }

// offset is a zone's offset at an instant.
func offset(at int64, loc *time.Location) int64 {
	_, east := time.Unix(at, 0).In(loc).Zone()
	return int64(east)
}

func allZones(t testing.TB) []zone {
	t.Helper()
	found, err := zones()
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 400 {
		t.Fatalf("got %d zones, want all", len(found))
	}
	return found
}

func zoneNamed(t testing.TB, name string) zone {
	t.Helper()
	all := allZones(t)
	i := slices.IndexFunc(all, func(z zone) bool { return z.loc.String() == name })
	if i < 0 {
		t.Fatalf("no zone %s", name)
	}
	return all[i]
}
