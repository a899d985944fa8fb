package console

import (
	"bufio"
	"bytes"
	"cmp"
	"io"
	"net/http"
	"path"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goflow-go/goflow/internal/label"
)

// goroutinesJSON is the answer to api/goroutines.
type goroutinesJSON struct {
	Total  int             `json:"total"`
	Groups []goroutineJSON `json:"groups"`
}

// goroutineJSON is the goroutines of an instance.
type goroutineJSON struct {
	Kind   string      `json:"kind"`
	Name   string      `json:"name"`
	Count  int         `json:"count"`
	Stacks []stackJSON `json:"stacks"`
}

// stackJSON is goroutines that are at the same place.
type stackJSON struct {
	Count  int      `json:"count"`
	Frames []string `json:"frames"`
}

const (
	maxStacks = 20
	maxFrames = 64
)

// dump is the goroutines as they were at most a second ago: to take them stops the world.
type dump struct {
	mu    sync.Mutex
	taken time.Time
	last  goroutinesJSON
}

func (c *Console) serveGoroutines(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, c.goroutines.get())
}

func (d *dump) get() goroutinesJSON {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.taken.IsZero() || time.Since(d.taken) >= time.Second {
		var text bytes.Buffer
		if p := pprof.Lookup("goroutine"); p != nil {
			_ = p.WriteTo(&text, 1) // a buffer takes everything
		}
		d.last, d.taken = parseGoroutines(&text), time.Now()
	}
	return d.last
}

// parseGoroutines reads the text of a goroutine profile, as package runtime/pprof writes it:
//
//	goroutine profile: total 3
//	2 @ 0x43e0a5 0x40b2d0
//	# labels: {"goflow.kind":"job", "goflow.name":"report"}
//	#	0x43e0a4	runtime.gopark+0xc4	/usr/local/go/src/runtime/proc.go:435
//
// What it does not know, it passes over.
func parseGoroutines(text io.Reader) goroutinesJSON {
	p := goroutineParser{groups: make(map[engineKey]*goroutineJSON)}
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.line(lines.Text())
	}
	p.flush()
	answer := goroutinesJSON{Total: p.total, Groups: []goroutineJSON{}}
	for _, g := range p.groups {
		answer.Groups = append(answer.Groups, g.cut())
	}
	slices.SortFunc(answer.Groups, func(a, b goroutineJSON) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	answer.Groups = answer.Groups[:min(len(answer.Groups), maxList)]
	return answer
}

// goroutineParser reads a profile line by line.
type goroutineParser struct {
	total  int
	groups map[engineKey]*goroutineJSON

	stack stackJSON // being read; its count is 0 before the first
	owner engineKey // of stack
}

func (p *goroutineParser) line(line string) {
	if labels, ok := strings.CutPrefix(line, "# labels: "); ok {
		p.owner = ownerOf(labels)
		return
	}
	if strings.HasPrefix(line, "#\t") {
		if frame := frameOf(line); frame != "" && len(p.stack.Frames) < maxFrames {
			p.stack.Frames = append(p.stack.Frames, frame)
		}
		return
	}
	count, _, ok := strings.Cut(line, " @")
	if n, err := strconv.Atoi(count); ok && err == nil {
		p.flush()
		p.stack.Count = n
	}
}

// flush puts the stack that was read to those of its owner.
func (p *goroutineParser) flush() {
	if p.stack.Count > 0 {
		p.total += p.stack.Count
		if p.groups[p.owner] == nil {
			p.groups[p.owner] = &goroutineJSON{Kind: p.owner.kind, Name: p.owner.name}
		}
		g := p.groups[p.owner]
		g.Count += p.stack.Count
		g.Stacks = append(g.Stacks, p.stack)
	}
	p.stack, p.owner = stackJSON{Frames: []string{}}, engineKey{}
}

// cut leaves the stacks most goroutines have.
func (g *goroutineJSON) cut() goroutineJSON {
	slices.SortStableFunc(g.Stacks, func(a, b stackJSON) int { return cmp.Compare(b.Count, a.Count) })
	g.Stacks = g.Stacks[:min(len(g.Stacks), maxStacks)]
	return *g
}

// ownerOf reads whose goroutine it is from labels, which are pairs of quoted texts.
func ownerOf(labels string) (owner engineKey) {
	rest := strings.TrimPrefix(labels, "{")
	for {
		key, rest2, ok := unquote(rest)
		if !ok {
			return owner
		}
		value, rest3, ok := unquote(strings.TrimPrefix(rest2, ":"))
		if !ok {
			return owner
		}
		switch key {
		case label.Kind:
			owner.kind = value
		case label.Name:
			owner.name = value
		}
		rest = strings.TrimPrefix(rest3, ", ")
	}
}

// unquote reads a quoted text from the start of s.
func unquote(s string) (text, rest string, ok bool) {
	quoted, err := strconv.QuotedPrefix(s)
	if err != nil {
		return "", "", false
	}
	text, err = strconv.Unquote(quoted)
	return text, s[len(quoted):], err == nil
}

// frameOf is a frame as "package.function folder/file.go:line".
func frameOf(line string) string {
	fields := strings.Split(line, "\t")
	if len(fields) < 4 {
		return ""
	}
	function, _, _ := strings.Cut(fields[2], "+0x")
	dir, file := path.Split(strings.TrimSpace(fields[len(fields)-1]))
	return function + " " + path.Join(path.Base(dir), file)
}
