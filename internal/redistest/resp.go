package redistest

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// Reply is what a server answered: text, a number, or a list.
type Reply struct {
	Text   string  // of strings and statuses
	Number int64   // of integers
	Items  []Reply // of arrays
	Null   bool    // there is nothing
}

// Strings gives the texts of a list.
func (r Reply) Strings() []string {
	var texts []string
	for _, item := range r.Items {
		texts = append(texts, item.Text)
	}
	return texts
}

// fields reads a list of names and values.
func (r Reply) fields() map[string]string {
	m := map[string]string{}
	for i := 0; i+1 < len(r.Items); i += 2 {
		m[r.Items[i].Text] = r.Items[i+1].Text
	}
	return m
}

// ask sends one command, after the password when there is one.
func (n *node) ask(ctx context.Context, password string, args ...string) (Reply, error) {
	conn, err := n.dial(ctx)
	if err != nil {
		return Reply{}, fmt.Errorf("redistest: %w", err)
	}
	defer conn.Close() //nolint:errcheck // the answer is there
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	r := bufio.NewReader(conn)
	if password != "" && !n.sentinel {
		if _, err := exchange(conn, r, "AUTH", password); err != nil {
			return Reply{}, fmt.Errorf("redistest: %s: AUTH: %w", n.addr(), err)
		}
	}
	reply, err := exchange(conn, r, args...)
	if err != nil {
		return Reply{}, fmt.Errorf("redistest: %s: %s: %w", n.addr(), args[0], err)
	}
	return reply, nil
}

func (n *node) dial(ctx context.Context) (net.Conn, error) {
	if n.lab.tls {
		return (&tls.Dialer{Config: n.lab.tlsCA.inTime()}).DialContext(ctx, "tcp", n.addr())
	}
	return new(net.Dialer).DialContext(ctx, "tcp", n.addr())
}

func exchange(w io.Writer, r *bufio.Reader, args ...string) (Reply, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(arg), arg)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return Reply{}, err
	}
	return readReply(r)
}

func readReply(r *bufio.Reader) (Reply, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return Reply{}, err
	}
	kind, rest := line[0], strings.TrimRight(line[1:], "\r\n")
	switch kind {
	case '+':
		return Reply{Text: rest}, nil
	case '-':
		return Reply{}, errors.New(rest)
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	switch {
	case err != nil:
		return Reply{}, fmt.Errorf("unreadable reply %q", line)
	case kind == ':':
		return Reply{Number: n}, nil
	case n < 0:
		return Reply{Null: true}, nil
	case kind == '$':
		text := make([]byte, n+2)
		_, err := io.ReadFull(r, text)
		return Reply{Text: string(text[:n])}, err
	default:
		return readList(r, n)
	}
}

func readList(r *bufio.Reader, n int64) (Reply, error) {
	items := make([]Reply, n)
	for i := range items {
		item, err := readReply(r)
		if err != nil {
			return Reply{}, err
		}
		items[i] = item
	}
	return Reply{Items: items}, nil
}
