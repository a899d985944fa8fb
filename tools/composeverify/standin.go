package main

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// standIn is an image to make: what is in it, and how it starts.
type standIn struct {
	what    string            // in a few words
	files   map[string]string // files and folders of this machine, by where they go
	owners  map[string]int    // empty folders, and the user they belong to
	links   map[string]string // where each leads, by its name
	changes []string          // instructions of a Dockerfile
}

// importImage makes the image.
func (d *demo) importImage(ctx context.Context, s *standIn, name string) error {
	args := []string{"import", "--change", fmt.Sprintf("LABEL %s=%q", markLabel, s.what)}
	for _, change := range s.changes {
		args = append(args, "--change", change)
	}
	cmd := d.engine.command(ctx, docker(), append(args, "-", name)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	packed := make(chan error, 1)
	go func() {
		err := s.pack(in)
		packed <- errors.Join(err, in.Close())
	}()
	_, err = output(cmd)
	return errors.Join(err, <-packed)
}

// pack writes the image as a tar file.
func (s *standIn) pack(to io.Writer) error {
	buffered := bufio.NewWriterSize(to, 1<<20)
	w := tar.NewWriter(buffered)
	folders := s.parents()
	maps.Copy(folders, s.owners)
	for _, target := range slices.Sorted(maps.Keys(folders)) {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: target + "/", Mode: 0o755, Uid: folders[target]}); err != nil {
			return err
		}
	}
	for target, source := range s.files {
		if err := packTree(w, target, source); err != nil {
			return err
		}
	}
	for name, to := range s.links {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to}); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), buffered.Flush())
}

// parents are the folders that something is in, and their user: root. Engines may close those that they have to make
// by themselves to all others.
func (s *standIn) parents() map[string]int {
	folders := map[string]int{}
	for _, targets := range []map[string]string{s.files, s.links} {
		for target := range targets {
			for dir := path.Dir(target); dir != "/" && dir != "."; dir = path.Dir(dir) {
				folders[dir] = 0
			}
		}
	}
	return folders
}

// packTree writes a file, or a folder and all in it, as root's.
func packTree(w *tar.Writer, target, source string) error {
	source, err := filepath.EvalSymlinks(source)
	if err != nil {
		return err
	}
	return filepath.WalkDir(source, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(name) // of what a link leads to
		if err != nil || !info.IsDir() && !info.Mode().IsRegular() {
			return err
		}
		header, err := tar.FileInfoHeader(info, "")
		if err != nil {
			return err
		}
		below, err := filepath.Rel(source, name)
		if err != nil {
			return err
		}
		header.Name, header.Uid, header.Gid, header.Uname, header.Gname = path.Join(target, filepath.ToSlash(below)), 0, 0, "", ""
		if info.IsDir() {
			header.Name += "/"
		}
		if err := w.WriteHeader(header); err != nil || info.IsDir() {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // only read
		_, err = io.Copy(w, f)
		return err
	})
}

var library = regexp.MustCompile(`(/\S+) \(0x`)

// program finds a program of this machine and the libraries it needs, all to be where they are here.
func (s *standIn) program(ctx context.Context, name string) error {
	at, err := exec.LookPath(name)
	if err != nil {
		return fmt.Errorf("apt-get install %s: %w", name, err)
	}
	s.files[at] = at
	return s.libraries(ctx, at)
}

// libraries adds those that a program needs.
func (s *standIn) libraries(ctx context.Context, program string) error {
	out, err := exec.CommandContext(ctx, "ldd", program).CombinedOutput()
	if err != nil && !strings.Contains(string(out), "not a dynamic executable") {
		return fmt.Errorf("ldd %s: %w\n%s", program, err, out)
	}
	for _, m := range library.FindAllStringSubmatch(string(out), -1) {
		s.files[m[1]] = m[1]
	}
	return nil
}

// shell adds the programs that images of Alpine and BusyBox have for health checks.
func (s *standIn) shell() error {
	const busybox = "/bin/busybox"
	if _, err := os.Stat(busybox); err != nil {
		return fmt.Errorf("apt-get install busybox-static: %w", err)
	}
	s.files[busybox] = busybox
	if s.links == nil {
		s.links = map[string]string{}
	}
	for _, name := range []string{"sh", "wget", "mkdir", "cat", "ls"} {
		s.links["/bin/"+name] = busybox
	}
	return nil
}
