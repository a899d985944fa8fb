package spill

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// filesystem is the directory of a queue. Tests have one that loses power.
type filesystem interface {
	List() ([]string, error)
	Create(name string) (file, error) // for writing; it must not exist
	Open(name string) (file, error)   // for reading
	Rename(from, to string) error     // over what there is
	Remove(name string) error
	Sync() error          // makes creations, renames and removals last
	Free() (int64, error) // how many bytes may still be written
	Lock() error          // fails with ErrLocked; Close unlocks
	Close() error
}

// file is an open file. Its methods may be called concurrently.
type file interface {
	io.ReaderAt
	io.WriterAt
	Size() (int64, error)
	Truncate(size int64) error
	Reserve(off, n int64) // makes room ahead, if it can; what it reads as is zero
	Sync() error          // makes the data, and the size, last
	Close() error
}

// lockName is the file that is locked. It stays when the queue is closed.
const lockName = "lock"

// directory is the filesystem of the operating system. Names cannot lead out of it, nor be links.
type directory struct {
	root *os.Root
	lock *os.File
}

// openDirectory opens a directory that exists.
func openDirectory(path string) (*directory, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &directory{root: root}, nil
}

// makeDirectory makes and opens a directory that is safe to keep a queue in.
func makeDirectory(path string) (*directory, error) {
	if err := mkdir(filepath.Clean(path)); err != nil {
		return nil, err
	}
	d, err := openDirectory(path)
	if err != nil {
		return nil, err
	}
	info, err := d.root.Stat(".")
	if err == nil && info.Mode().Perm()&0o002 != 0 {
		err = errWorldWritable
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// mkdir makes a directory and those above it, and makes that last.
func mkdir(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(path)
	if err := mkdir(parent); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := os.Open(parent)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

var errWorldWritable = errors.New("everyone may write to the directory")

func (d *directory) List() ([]string, error) {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func (d *directory) Create(name string) (file, error) {
	return d.open(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

func (d *directory) Open(name string) (file, error) { return d.open(name, os.O_RDONLY) }

func (d *directory) open(name string, flags int) (file, error) {
	f, err := d.root.OpenFile(name, flags|noFollow, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d *directory) Rename(from, to string) error { return d.root.Rename(from, to) }
func (d *directory) Remove(name string) error     { return d.root.Remove(name) }

func (d *directory) Sync() error {
	f, err := d.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (d *directory) Free() (int64, error) {
	f, err := d.root.Open(".")
	if err != nil {
		return 0, err
	}
	n, err := free(f)
	return n, errors.Join(err, f.Close())
}

func (d *directory) Lock() error {
	f, err := d.root.OpenFile(lockName, os.O_RDWR|os.O_CREATE|noFollow, 0o600)
	if err != nil {
		return err
	}
	if err := lockFile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	d.lock = f
	return nil
}

func (d *directory) Close() error {
	err := d.root.Close()
	if d.lock != nil {
		err = errors.Join(err, d.lock.Close())
	}
	return err
}

// osFile is a file of the operating system.
type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f osFile) Reserve(off, n int64) { reserve(f.File, off, n) }
func (f osFile) Sync() error          { return syncData(f.File) }
