package flowredis_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
)

// Tests start the test's own program again, as a process to stop and to kill: what it is to do stands in
// these variables.
const (
	childRole = "FLOWREDIS_CHILD"
	childAddr = "FLOWREDIS_ADDR"
	childKeys = "FLOWREDIS_PREFIX"
	childName = "FLOWREDIS_NAME"
)

// child is such a process. What it says comes line by line; it ends when its standard input does.
type child struct {
	tb    testing.TB
	name  string
	cmd   *exec.Cmd
	input io.Closer
	lines chan string
}

func startChild(tb testing.TB, role, name, addr, keys string) *child {
	tb.Helper()
	c := &child{tb: tb, name: name, lines: make(chan string, 100)}
	c.cmd = exec.CommandContext(context.Background(), os.Args[0])
	c.cmd.Env = append(os.Environ(), childRole+"="+role, childAddr+"="+addr, childKeys+"="+keys, childName+"="+name)
	c.cmd.Stderr = os.Stderr
	input, err1 := c.cmd.StdinPipe()
	output, err2 := c.cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		tb.Fatal(err1, err2)
	}
	c.input = input
	if err := c.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(c.lines)
		for s := bufio.NewScanner(output); s.Scan(); {
			c.lines <- s.Text()
		}
	}()
	tb.Cleanup(func() {
		c.signal(syscall.SIGKILL)
		<-read
		_ = c.cmd.Wait()
	})
	return c
}

func (c *child) signal(sig syscall.Signal) { _ = c.cmd.Process.Signal(sig) }

// beChild does what a child is to do, if this process is one.
func beChild() {
	roles := map[string]func(ctx context.Context, s *flowredis.Coordinator) error{
		"lead": lead, "work": work, "consume": consume,
	}
	role, ok := roles[os.Getenv(childRole)]
	if !ok {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until the parent is gone
		cancel()
	}()
	if err := inChild(ctx, role); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func inChild(ctx context.Context, role func(context.Context, *flowredis.Coordinator) error) error {
	client, err := flowredis.NewClient(flowredis.ClientConfig{Addrs: []string{os.Getenv(childAddr)}})
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	c, err := flowredis.New("shared", client, flowredis.Config{Prefix: os.Getenv(childKeys)})
	if err != nil {
		return err
	}
	defer c.Close()
	return role(ctx, c)
}

// childTTL is how long the leases of children last: longer than a machine that is busy stands still.
const childTTL = 1200 * time.Millisecond

func childLocker(c *flowredis.Coordinator) (*lease.Locker, error) {
	store, err := flowredis.NewLeases(c)
	if err != nil {
		return nil, err
	}
	return lease.NewLocker("jobs", store, lease.Config{TTL: childTTL})
}

// lead writes, while it leads, to a resource that looks at the token: to standard output, every
// millisecond. Between the look at the term and the write it may stand still for any time.
func lead(ctx context.Context, c *flowredis.Coordinator) error {
	locker, err := childLocker(c)
	if err != nil {
		return err
	}
	elector, err := lease.NewElector("writers", locker)
	if err != nil {
		return err
	}
	if err := elector.Start(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		term, ok := elector.Leader()
		<-time.After(time.Millisecond)
		if ok {
			fmt.Fprintln(os.Stdout, "write", term.Token())
		}
	}
	return nil
}

// occurrences is how many runs a worker is due for, all at once.
const occurrences = 3

// work runs each occurrence of a job once among all workers, and takes a while for each.
func work(ctx context.Context, c *flowredis.Coordinator) error {
	locker, err := childLocker(c)
	if err != nil {
		return err
	}
	once := lease.Once(locker)
	for i := range occurrences {
		due := time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC)
		_ = once.Do(core.WithOccurrence(ctx, core.Occurrence{Job: "report", Time: due}), func(ctx context.Context) error {
			o, _ := core.OccurrenceOf(ctx)
			fmt.Fprintln(os.Stdout, "run", o.Time.Minute())
			select {
			case <-time.After(childTTL):
			case <-ctx.Done():
			}
			return ctx.Err()
		})
	}
	fmt.Fprintln(os.Stdout, "finished")
	<-ctx.Done()
	return nil
}

// consume says which messages it has processed.
func consume(ctx context.Context, c *flowredis.Coordinator) error {
	consumer, err := flowredis.NewConsumer("orders", c, flowredis.ConsumerConfig{
		Stream: os.Getenv(childKeys) + "orders", Group: "billing", Consumer: os.Getenv(childName),
		Batch: 10, Block: 20 * time.Millisecond, ClaimAfter: 500 * time.Millisecond, MaxDeliveries: 100,
	})
	if err != nil {
		return err
	}
	return consumer.Messages().ForEach(ctx, func(_ context.Context, m flowredis.Message) error {
		fmt.Fprintln(os.Stdout, "processed", m.Fields["number"])
		return nil
	})
}

// said splits what a child said: a word and a number.
func said(line string) (word string, n int) {
	word, rest, _ := strings.Cut(line, " ")
	n, _ = strconv.Atoi(rest)
	return word, n
}
