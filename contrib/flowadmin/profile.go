package flowadmin

import (
	"fmt"
	"io"
	"net/http"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"strings"
	"sync"
	"time"
)

// profiler serves /debug/pprof/. It stands on package runtime/pprof, because importing
// net/http/pprof registers handlers with http.DefaultServeMux.
type profiler struct {
	mux  *http.ServeMux
	busy sync.Mutex // held while a profile is taken
}

const (
	maxSeconds   = 30
	cpuSeconds   = 30
	traceSeconds = 1

	// writeTime is how long a client may take to read a profile, after it was taken.
	writeTime = 30 * time.Second
)

func newProfiler() *profiler {
	p := &profiler{mux: http.NewServeMux()}
	p.mux.HandleFunc("/debug/pprof/{$}", p.list)
	p.mux.HandleFunc("/debug/pprof/profile", func(w http.ResponseWriter, r *http.Request) {
		p.record(w, r, cpuSeconds, pprof.StartCPUProfile, pprof.StopCPUProfile)
	})
	p.mux.HandleFunc("/debug/pprof/trace", func(w http.ResponseWriter, r *http.Request) {
		p.record(w, r, traceSeconds, trace.Start, trace.Stop)
	})
	p.mux.HandleFunc("/debug/pprof/{name...}", p.snapshot)
	return p
}

func (p *profiler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		http.Error(w, "profiles are not for other sites", http.StatusForbidden)
		return
	}
	p.mux.ServeHTTP(w, r)
}

func (p *profiler) list(w http.ResponseWriter, _ *http.Request) {
	links := []link{{"profile", "CPU, over ?seconds=30"}, {"trace", "execution trace, over ?seconds=1"}}
	for _, known := range pprof.Profiles() {
		links = append(links, link{known.Name() + "?debug=1", strconv.Itoa(known.Count())})
	}
	showPage(w, page{Title: "profiles", Links: links})
}

// snapshot writes a profile of what is now, as text with ?debug=1 or 2.
func (p *profiler) snapshot(w http.ResponseWriter, r *http.Request) {
	profile := pprof.Lookup(r.PathValue("name"))
	if profile == nil {
		http.NotFound(w, r)
		return
	}
	if r.URL.Query().Has("seconds") {
		http.Error(w, "seconds is for profile and trace only", http.StatusBadRequest)
		return
	}
	debug := 0
	if text := r.URL.Query().Get("debug"); text != "" {
		var err error
		if debug, err = strconv.Atoi(text); err != nil || debug < 0 || debug > 2 {
			http.Error(w, "debug must be 0, 1 or 2", http.StatusBadRequest)
			return
		}
	}
	p.alone(w, r, 0, func() {
		if debug == 0 {
			asFile(w, profile.Name())
		} else {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		}
		_ = profile.WriteTo(w, debug) // fails only when the client has gone
	})
}

// record writes what start records, for as many seconds as are asked for, 30 at most, or until the
// client goes.
func (p *profiler) record(w http.ResponseWriter, r *http.Request, byDefault float64, start func(io.Writer) error, stop func()) {
	seconds := byDefault
	if text := r.URL.Query().Get("seconds"); text != "" {
		var err error
		if seconds, err = strconv.ParseFloat(text, 64); err != nil || !(seconds > 0) {
			http.Error(w, "seconds must be a number above 0", http.StatusBadRequest)
			return
		}
	}
	d := time.Duration(min(seconds, maxSeconds) * float64(time.Second))
	p.alone(w, r, d, func() {
		asFile(w, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:])
		if err := start(w); err != nil { // someone else records in this process
			w.Header().Del("Content-Disposition")
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		defer stop()
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	})
}

// alone runs take, unless another profile is being taken, and gives the client time to read what
// it writes after d. The answer to HEAD costs nothing.
func (p *profiler) alone(w http.ResponseWriter, r *http.Request, d time.Duration, take func()) {
	if r.Method == http.MethodHead {
		return
	}
	if !p.busy.TryLock() {
		http.Error(w, "another profile is being taken", http.StatusConflict)
		return
	}
	defer p.busy.Unlock()
	// A writer without deadlines is a test's, or wrapped: then the server's own limits hold.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d + writeTime))
	take()
}

func asFile(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
}
