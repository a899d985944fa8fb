package spill_test

import (
	"io"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"

	"github.com/goflow-go/goflow/streams/spill"
)

// disk is a filesystem in memory that can lose power, be full, and fail.
type disk struct {
	mu      sync.Mutex
	entries map[string]*inode // as programs see them
	durable map[string]*inode // as they are after a power cut
	changes []change          // of entries since the last sync
	locked  bool
	used    int64
	room    int64                            // 0: no bound
	fail    func(op, name string) error      // nil: nothing fails
	bad     span                             // what of each file cannot be read
	tear    func(name string, n int) (m int) // how much of a failing write is done
}

// span is what of a file cannot be read.
type span struct {
	from, to int64
	all      bool // a read that touches it fails as a whole
}

// inode is a file's content. After a sync that failed, the kernel holds for clean what it could not
// write: these bytes, from one offset to another, are not synced by a later sync either.
type inode struct {
	now, synced []byte
	from, to    int
}

// rewritten makes the bytes from an offset on dirty again.
func (n *inode) rewritten(off int) { n.to = min(n.to, max(off, n.from)) }

// change is what happens to entries at once.
type change map[string]*inode

func newDisk() *disk {
	return &disk{entries: map[string]*inode{}, durable: map[string]*inode{}}
}

// cutPower gives the disk as it may be found after a power cut: of what was not synced, any part of the
// changes of entries is there, and of each file any part of the bytes, torn or zero in places.
func (d *disk) cutPower(rng *rand.Rand) *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	after := newDisk()
	entries := maps.Clone(d.durable)
	for _, c := range d.changes {
		if rng.IntN(2) == 0 {
			continue
		}
		for name, node := range c {
			if entries[name] = node; node == nil {
				delete(entries, name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		b := torn(rng, entries[name])
		node := &inode{now: b, synced: slices.Clone(b)}
		after.entries[name], after.durable[name] = node, node
		after.used += int64(len(b))
	}
	return after
}

// torn is what is left of a file.
func torn(rng *rand.Rand, n *inode) []byte {
	same := 0
	for same < min(len(n.now), len(n.synced)) && n.now[same] == n.synced[same] {
		same++
	}
	if rng.IntN(3) == 0 {
		return slices.Clone(n.synced)
	}
	b := slices.Clone(n.now[:same+rng.IntN(len(n.now)-same+1)])
	if len(b) < len(n.synced) {
		b = append(b, n.synced[len(b):]...)
	}
	if lost := len(b) - same; lost > 0 && rng.IntN(2) == 0 { // a sector that was not written
		from := same + rng.IntN(lost)
		clear(b[from:min(from+512, len(b))])
	}
	return b
}

func (d *disk) failing(op, name string) error {
	if d.fail == nil {
		return nil
	}
	return d.fail(op, name)
}

func (d *disk) List() ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.entries)), d.failing("list", "")
}

func (d *disk) Create(name string) (spill.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.failing("create", name); err != nil {
		return nil, err
	}
	if d.entries[name] != nil {
		return nil, fs.ErrExist
	}
	n := &inode{}
	d.entries[name] = n
	d.changes = append(d.changes, change{name: n})
	return &handle{disk: d, node: n, name: name}, nil
}

func (d *disk) Open(name string) (spill.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.failing("open", name); err != nil {
		return nil, err
	}
	n := d.entries[name]
	if n == nil {
		return nil, fs.ErrNotExist
	}
	return &handle{disk: d, node: n, name: name}, nil
}

func (d *disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.failing("rename", from); err != nil {
		return err
	}
	n := d.entries[from]
	if n == nil {
		return fs.ErrNotExist
	}
	if old := d.entries[to]; old != nil {
		d.used -= int64(len(old.now))
	}
	delete(d.entries, from)
	d.entries[to] = n
	d.changes = append(d.changes, change{from: nil, to: n})
	return nil
}

func (d *disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.failing("remove", name); err != nil {
		return err
	}
	n := d.entries[name]
	if n == nil {
		return fs.ErrNotExist
	}
	d.used -= int64(len(n.now))
	delete(d.entries, name)
	d.changes = append(d.changes, change{name: nil})
	return nil
}

func (d *disk) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.failing("syncdir", ""); err != nil {
		return err
	}
	d.durable, d.changes = maps.Clone(d.entries), nil
	return nil
}

func (d *disk) Lock() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked {
		return spill.ErrLocked
	}
	d.locked = true
	return d.failing("lock", "")
}

func (d *disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.locked = false
	return nil
}

// handle is an open file of a disk.
type handle struct {
	disk *disk
	node *inode
	name string
}

func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.disk.failing("read", h.name); err != nil {
		return 0, err
	}
	if off >= int64(len(h.node.now)) {
		return 0, io.EOF
	}
	if bad := h.disk.bad; off < bad.to && off+int64(len(p)) > bad.from {
		if bad.all || off >= bad.from {
			return 0, syscall.EIO
		}
		return copy(p[:bad.from-off], h.node.now[off:]), syscall.EIO
	}
	n := copy(p, h.node.now[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *handle) WriteAt(p []byte, off int64) (int, error) {
	d := h.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.failing("write", h.name)
	n := len(p)
	if err != nil {
		n = d.part(h.name, n)
	}
	if over := d.used + max(off+int64(n)-int64(len(h.node.now)), 0) - d.room; d.room > 0 && over > 0 {
		n, err = max(n-int(over), 0), syscall.ENOSPC
	}
	if grow := int(off) + n - len(h.node.now); grow > 0 {
		h.node.now = append(h.node.now, make([]byte, grow)...)
		d.used += int64(grow)
	}
	copy(h.node.now[off:], p[:n])
	h.node.rewritten(int(off))
	return n, err
}

func (d *disk) part(name string, n int) int {
	if d.tear == nil {
		return 0
	}
	return d.tear(name, n)
}

func (h *handle) Truncate(size int64) error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.disk.failing("truncate", h.name); err != nil {
		return err
	}
	h.disk.used -= int64(len(h.node.now)) - size
	h.node.rewritten(int(size))
	h.node.now = slices.Clone(h.node.now[:size])
	return nil
}

// Reserve makes a little room ahead, so that there are zeros at the end.
func (h *handle) Reserve(off, _ int64) {
	d := h.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	const step = 700
	if len(h.node.now) == int(off) && (d.room == 0 || d.used+step <= d.room) {
		h.node.now = append(h.node.now, make([]byte, step)...)
		d.used += step
	}
}

func (h *handle) Size() (int64, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	return int64(len(h.node.now)), nil
}

// Sync fails as the kernel does: what was not written may be gone, and the next sync knows of nothing.
func (h *handle) Sync() error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	n := h.node
	if err := h.disk.failing("sync", h.name); err != nil {
		n.from, n.to = min(len(n.synced), len(n.now)), len(n.now)
		return err
	}
	n.synced = slices.Clone(n.now)
	if n.to > n.from {
		clear(n.synced[n.from:n.to])
	}
	return nil
}

func (h *handle) Close() error { return nil }

// Free is what there is room for.
func (d *disk) Free() (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.room == 0 {
		return math.MaxInt64, d.failing("free", "")
	}
	return d.room - d.used, d.failing("free", "")
}
