package spill

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/label"
)

// Queue is a queue of records on disk. Make one with [Open]. It is safe for concurrent use; who pops
// from several goroutines acknowledges in order. The methods most callers want are [Queue.Push],
// [Queue.Pop] and [Queue.Ack].
//
// Who takes several of its locks takes them in this order: token, reader.mu, mu.
type Queue struct {
	name   string
	cfg    Config
	dir    filesystem
	onDrop func(Dropped)
	inst   instrument
	counts counts

	token   chan struct{} // held by who writes segments
	writing *segment      // the segment whose file is open; of the holder of token
	unsync  bool          // something written is not synced; of the holder of token
	entries bool          // a file made is not in the synced directory; of the holder of token
	failing atomic.Bool   // the disk is; set by the holder of token
	spoilt  *segment      // whose sync failed; of the holder of token
	doubt   error         // why what of spoilt was not synced is not safe yet; of the holder of token
	crowd   int           // the callers of the last round; of the holder of token

	reader reader

	mu      sync.Mutex
	segs    []*segment // oldest first
	active  *segment   // the last of segs, when it is not full
	pending []chunk    // what is yet to be written
	waiting int        // the bytes of pending
	busy    bool       // what was pending is being written
	spare   []byte     // a buffer to use again
	round   *round     // what writes pending
	seq     uint64     // the last number given out
	id      uint64     // the last segment's
	bytes   int64      // of all segments
	live    int        // records that are not acknowledged
	version uint64     // rises when there is more to read
	now     int64      // when the oldest of pending was pushed
	budget  int64      // how much more may be gathered until Config.MinFree is looked at again
	low     bool       // someone waits for the disk to have more free than MinFree
	ready   signal     // there is more to read, or the queue is closed
	room    signal     // there is more room, or the queue is closed
	closed  bool

	cursor atomic.Uint64 // up to where records are acknowledged; set with reader.mu held
	saving sync.Mutex    // guards saved
	saved  uint64        // the cursor on disk
	free   sync.Mutex    // held by who removes segments

	kick    chan struct{} // there is something to write, sync or save soon
	stop    chan struct{}
	stopped chan struct{}
	ending  sync.Mutex // held by Close, with ended
	ended   bool
}

// Open opens the queue of a directory, and makes both when there is none. It reads all segments: about
// half a second for each GiB. Damage does not make it fail; it is counted in Stats. The error is a
// [*core.ConfigError], one that matches [ErrLocked], or a [*DiskError]. A queue that is open must be
// closed.
func Open(name string, cfg Config, opts ...Option) (*Queue, error) {
	if err := core.Configure(pkg, name, cfg.Validate()); err != nil {
		return nil, err
	}
	dir, err := makeDirectory(cfg.Dir)
	if err != nil {
		return nil, &DiskError{Queue: name, Op: "open", File: cfg.Dir, Err: err}
	}
	return open(name, cfg, dir, opts)
}

// open is Open with a valid config in any filesystem.
func open(name string, cfg Config, dir filesystem, opts []Option) (*Queue, error) {
	o := newOptions(opts)
	q := &Queue{
		name: name, cfg: cfg.withDefaults(), dir: dir, onDrop: o.onDrop, inst: newInstrument(name, o),
		token: make(chan struct{}, 1), round: newRound(),
		kick: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	q.reader.scan.retries = readRetries
	if err := dir.Lock(); err != nil {
		return nil, errors.Join(q.errDisk("lock", lockName, err), dir.Close())
	}
	if err := q.recover(); err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	q.inst.start(q)
	if damage := q.counts.damage.Load(); damage > 0 {
		q.inst.damaged(context.Background(), "", q.counts.lost.Load(), damage)
	}
	go label.Do(context.Background(), "spill", name, func(ctx context.Context) { q.tend(ctx) })
	return q, nil
}

// Name is the name the queue was opened with.
func (q *Queue) Name() string { return q.name }

// recover learns from the files what the queue holds.
func (q *Queue) recover() error {
	names, err := q.dir.List()
	if err != nil {
		return q.errDisk("list", "", err)
	}
	cursor, damaged, err := readCursor(q.dir)
	if err != nil {
		return q.errDisk("read", cursorName, err)
	}
	if damaged {
		q.counts.damage.Add(cursorSize)
	}
	q.cursor.Store(cursor)
	q.saved = cursor
	var scan scanner
	for _, s := range parseNames(names) {
		if err := q.load(s, &scan); err != nil {
			return err
		}
	}
	q.seq = max(scan.last, cursor)
	q.removeTemps(names)
	return q.collect(context.Background())
}

// load scans a segment. None is ever added to: its end may be torn.
func (q *Queue) load(s *segment, scan *scanner) error {
	size, found, err := readSegment(q.dir, s, scan, q.cursor.Load())
	if err != nil {
		return q.errDisk("read", s.name, err)
	}
	s.size, s.written, s.full, s.closed = size, size, true, true
	s.damaged = found.Damaged > 0
	q.counts.damage.Add(found.Damaged)
	q.counts.lost.Add(int64(found.Lost))
	q.id = max(q.id, s.id)
	q.bytes += size
	q.live += s.live
	q.segs = append(q.segs, s)
	return nil
}

// removeTemps removes what a crash left half made. Nothing is lost when that fails.
func (q *Queue) removeTemps(names []string) {
	for _, name := range names {
		if strings.HasSuffix(name, tempEnding) {
			_ = q.dir.Remove(name)
		}
	}
}

// rotate begins a segment. The caller holds mu.
func (q *Queue) rotate() *segment {
	q.fillUp()
	q.id++
	q.active = newSegment(q.id, rand.Uint32())
	q.segs = append(q.segs, q.active)
	return q.active
}

// collect removes the oldest segments that no record is needed of any more. The cursor is saved
// before: should removals be lost in a crash, their records do not come again.
func (q *Queue) collect(ctx context.Context) error {
	q.free.Lock()
	defer q.free.Unlock()
	for {
		q.mu.Lock()
		done := len(q.segs) > 0 && q.segs[0].closed && q.segs[0].live == 0
		if !done {
			q.mu.Unlock()
			return nil
		}
		s := q.segs[0]
		q.mu.Unlock()
		if err := q.saveCursor(ctx); err != nil {
			return err
		}
		if err := q.remove(s); err != nil {
			return err
		}
	}
}

// remove removes a closed segment's file, and then the segment. A damaged one is kept for a person to
// look at. The caller holds free.
func (q *Queue) remove(s *segment) error {
	var err error
	if s.damaged {
		err = q.keepCorrupt(s)
	} else {
		err = q.dir.Remove(s.name)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return q.errDisk("remove", s.name, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.segs) > 0 && q.segs[0] == s {
		q.segs[0] = nil
		q.segs = q.segs[1:]
		q.bytes -= s.size
	}
	q.room.fire()
	return nil
}

// keepCorrupt keeps a damaged segment in the place of the one that was kept before. What could not be read
// has a place of its own: another time it may be readable.
func (q *Queue) keepCorrupt(s *segment) error {
	if s.unreadable {
		return q.dir.Rename(s.name, s.corruptName())
	}
	return q.dir.Rename(s.name, "last"+corruptEnding)
}

// signal tells all who wait that something changed. It is guarded by Queue.mu.
type signal struct{ ch chan struct{} }

func (s *signal) wait() <-chan struct{} {
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) fire() {
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
