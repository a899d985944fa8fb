package console

import (
	"cmp"
	"encoding/json"
	"hash/fnv"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/goflow-go/goflow/core/health"
)

const (
	maxListeners = 16
	backlog      = 4 // ticks a listener may be behind
	sendTime     = 5 * time.Second
)

// listeners are those who are told of each tick.
type listeners struct {
	mu      sync.Mutex
	running bool
	frames  []chan []byte // closed when its listener is sent away
}

func (l *listeners) open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running = true
}

// close sends everyone away, and lets nobody in.
func (l *listeners) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running = false
	for _, frames := range l.frames {
		close(frames)
	}
	l.frames = nil
}

// join lets a listener in. When there is no place for it, it says why.
func (l *listeners) join() (frames chan []byte, refused string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !l.running:
		return nil, "the console is not running"
	case len(l.frames) == maxListeners:
		return nil, "enough are listening already"
	}
	frames = make(chan []byte, backlog)
	l.frames = append(l.frames, frames)
	return frames, ""
}

// leave lets a listener go, if it was not sent away.
func (l *listeners) leave(frames chan []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames = slices.DeleteFunc(l.frames, func(other chan []byte) bool { return other == frames })
}

// send gives everyone a frame, and sends away who is too far behind.
func (l *listeners) send(frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames = slices.DeleteFunc(l.frames, func(frames chan []byte) bool {
		select {
		case frames <- frame:
			return false
		default:
			close(frames)
			return true
		}
	})
}

func (l *listeners) any() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.frames) > 0
}

// serveLive tells of each tick until the client goes, falls behind, or the console stops.
func (c *Console) serveLive(w http.ResponseWriter, r *http.Request) {
	frames, refused := c.live.join()
	if refused != "" {
		fail(w, http.StatusServiceUnavailable, refused)
		return
	}
	defer c.live.leave(frames)
	rc := http.NewResponseController(w)
	// A writer without deadlines is a test's, or wrapped: then the server's own limits hold.
	defer func() { _ = rc.SetWriteDeadline(time.Time{}) }()
	w.Header().Set("Content-Type", "text/event-stream")
	frame, open := c.frame(), true
	for open {
		_ = rc.SetWriteDeadline(time.Now().Add(sendTime))
		if _, err := w.Write(frame); err != nil {
			return
		}
		if err := rc.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case frame, open = <-frames:
		}
	}
}

// tell sends everyone who listens the last tick.
func (c *Console) tell() {
	if c.live.any() {
		c.live.send(c.frame())
	}
}

// tick is what listeners are told.
type tick struct {
	T       int64           `json:"t"`
	Values  json.RawMessage `json:"values"`
	Engines uint32          `json:"engines"`
	Spans   uint64          `json:"spans"`
	Logs    uint64          `json:"logs"`
	State   string          `json:"state"`
	Down    []string        `json:"down"`
}

// frame is the last tick as an event of a stream.
func (c *Console) frame() []byte {
	values, at, changes := c.recorder.series.latest(nil)
	body, err := json.Marshal(tick{
		T: cmp.Or(at, time.Now().Unix()), Values: values, Engines: c.fingerprint(changes), State: c.state(), Down: c.down(),
		Spans: c.recorder.seenSpans.Load(), Logs: c.recorder.seenLogs.Load(),
	})
	if err != nil { // nothing in it fails to marshal
		body = []byte("{}")
	}
	return append(append([]byte("event: tick\ndata: "), body...), "\n\n"...)
}

// fingerprint is another number whenever the list of engines or series is another.
func (c *Console) fingerprint(changes uint64) uint32 {
	h := fnv.New32a()
	for _, e := range c.engines.List() {
		_, _ = h.Write([]byte(e.Kind + "/" + e.Name + "\n"))
	}
	return h.Sum32() + uint32(changes) //nolint:gosec // any other number will do
}

// down names the checks that fail.
func (c *Console) down() []string {
	names := []string{}
	if c.health == nil {
		return names
	}
	for _, g := range []health.Group{health.Liveness, health.Readiness, health.Startup} {
		for _, check := range c.health.Report(g).Checks {
			if check.Status == health.Down {
				names = append(names, check.Name)
			}
		}
	}
	return names
}
