package flowredis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/faultnet"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/streams"
)

// line is a stream of a test, and who works on it.
type line struct {
	tb     testing.TB
	client redis.UniversalClient
	stream string
}

func newLine(tb testing.TB, client redis.UniversalClient) *line {
	tb.Helper()
	return &line{tb, client, prefix(tb) + "orders"}
}

func (l *line) producer(cfg flowredis.ProducerConfig, opts ...flowredis.Option) *flowredis.Producer {
	l.tb.Helper()
	cfg.Stream = l.stream
	p, err := flowredis.NewProducer("orders", coordinate(l.tb, l.client, flowredis.Config{}), cfg, opts...)
	if err != nil {
		l.tb.Fatal(err)
	}
	l.tb.Cleanup(p.Close)
	return p
}

// consumer makes one that waits for little, named so.
func (l *line) consumer(as string, cfg flowredis.ConsumerConfig, opts ...flowredis.Option) *flowredis.Consumer {
	l.tb.Helper()
	return l.consumerOn(l.client, as, cfg, opts...)
}

func (l *line) consumerOn(client redis.UniversalClient, as string, cfg flowredis.ConsumerConfig, opts ...flowredis.Option) *flowredis.Consumer {
	l.tb.Helper()
	cfg.Stream, cfg.Group, cfg.Consumer = l.stream, "billing", as
	if cfg.Block == 0 {
		cfg.Block = 20 * time.Millisecond
	}
	c, err := flowredis.NewConsumer("orders", coordinate(l.tb, client, flowredis.Config{}), cfg, opts...)
	if err != nil {
		l.tb.Fatal(err)
	}
	l.tb.Cleanup(c.Close)
	return c
}

// numbered are messages from first on.
func numbered(first, n int) []flowredis.Message {
	list := make([]flowredis.Message, n)
	for i := range list {
		list[i] = flowredis.Message{Fields: map[string]string{"number": strconv.Itoa(first + i)}}
	}
	return list
}

func (l *line) add(first, n int) {
	l.tb.Helper()
	if err := l.producer(flowredis.ProducerConfig{}).AddAll(context.Background(), numbered(first, n)); err != nil {
		l.tb.Fatal(err)
	}
}

func number(m flowredis.Message) int {
	n, _ := strconv.Atoi(m.Fields["number"])
	return n
}

// tallied counts what was seen of each number.
type tallied struct {
	mu   sync.Mutex
	seen map[int]int
}

func newTallied() *tallied { return &tallied{seen: make(map[int]int)} }

func (s *tallied) note(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[n]++
}

// counts are how many numbers were seen, and how often in all.
func (s *tallied) counts() (numbers, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.seen {
		times += n
	}
	return len(s.seen), times
}

// running runs a consumer until it is stopped, and gives the error then.
func running(tb testing.TB, c *flowredis.Consumer, process func(ctx context.Context, m flowredis.Message) error) (stop func() error) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Messages().ForEach(ctx, process) }()
	stop = sync.OnceValue(func() error {
		cancel()
		err := <-done
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	})
	tb.Cleanup(func() { _ = stop() })
	return stop
}

// noting processes by noting.
func noting(s *tallied) func(context.Context, flowredis.Message) error {
	return func(_ context.Context, m flowredis.Message) error {
		s.note(number(m))
		return nil
	}
}

func (l *line) pending() int64 {
	l.tb.Helper()
	p, err := l.client.XPending(context.Background(), l.stream, "billing").Result()
	if err != nil {
		l.tb.Fatal(err)
	}
	return p.Count
}

func TestConsumersShareAStreamAndAcknowledgeAll(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		client func(t *testing.T) redis.UniversalClient
	}{
		{"single", func(t *testing.T) redis.UniversalClient { return calmClient(t, redistest.Shared(t).Addr()) }},
		{"cluster", func(t *testing.T) redis.UniversalClient {
			return calmClient(t, redistest.SharedCluster(t).Addrs()...)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLine(t, c.client(t))
			seen := newTallied()
			first, second := l.consumer("first", flowredis.ConsumerConfig{}), l.consumer("second", flowredis.ConsumerConfig{})
			stops := []func() error{running(t, first, noting(seen)), running(t, second, noting(seen))}
			l.add(0, 3000)
			await(t, "every message", patient, func() bool { n, _ := seen.counts(); return n == 3000 })
			for _, stop := range stops {
				if err := stop(); err != nil {
					t.Errorf("got %v, want a run that ends with its context", err)
				}
			}
			if _, times := seen.counts(); times != 3000 || l.pending() != 0 {
				t.Errorf("%d messages were given and %d are pending, want 3000 and 0", times, l.pending())
			}
			a, b := first.Stats(), second.Stats()
			if a.Received+b.Received != 3000 || a.Acknowledged+b.Acknowledged != 3000 || a.Active != 0 {
				t.Errorf("got %+v and %+v, want 3000 received and acknowledged", a, b)
			}
		})
	}
}

func TestMessageComesAsItWasAdded(t *testing.T) {
	t.Parallel()
	l := newLine(t, calmClient(t, redistest.Shared(t).Addr()))
	sent := flowredis.Message{Key: "order-7", Fields: map[string]string{"b": "2", "a": "\x00\xff"}}
	if err := l.producer(flowredis.ProducerConfig{MaxLen: 1000}).Add(t.Context(), sent); err != nil {
		t.Fatal(err)
	}
	got, err := l.consumer("first", flowredis.ConsumerConfig{}).Messages().Take(1).Collect(t.Context())
	if err != nil || len(got) != 1 {
		t.Fatalf("got %v, %v, want one message", got, err)
	}
	m := got[0]
	if m.ID == "" || m.Key != sent.Key || m.Deliveries != 1 || len(m.Fields) != 2 || m.Fields["a"] != "\x00\xff" || m.Origin().IsValid() {
		t.Errorf("got %+v, want what was added", m)
	}
}

func TestMessageOfABatchGoesBackToItsOwnSpan(t *testing.T) {
	t.Parallel()
	l := newLine(t, calmClient(t, redistest.Shared(t).Addr()))
	span := func(id byte) trace.SpanContext {
		return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{id}, SpanID: trace.SpanID{id}, TraceFlags: trace.FlagsSampled})
	}
	text := flowredis.Message{Fields: map[string]string{"a": "1"}}
	ctx := trace.ContextWithSpanContext(t.Context(), span(1))
	if err := l.producer(flowredis.ProducerConfig{}).Add(ctx, text, text.From(span(2))); err != nil {
		t.Fatal(err)
	}
	got, err := l.consumer("first", flowredis.ConsumerConfig{}).Messages().Take(2).Collect(t.Context())
	if err != nil || len(got) != 2 {
		t.Fatalf("got %v, %v, want two messages", got, err)
	}
	for i, m := range got {
		if want := span(byte(i + 1)).TraceID(); m.Origin().TraceID() != want {
			t.Errorf("message %d goes back to trace %v, want %v", i, m.Origin().TraceID(), want)
		}
	}
}

var errFailing = errors.New("failing")

func TestRunThatFailedIsFollowedByOneThatBeginsThere(t *testing.T) {
	t.Parallel()
	l := newLine(t, calmClient(t, redistest.Shared(t).Addr()))
	l.add(0, 10)
	c := l.consumer("first", flowredis.ConsumerConfig{Batch: 1})
	err := c.Messages().ForEach(t.Context(), func(_ context.Context, m flowredis.Message) error {
		if number(m) == 4 {
			return errFailing
		}
		return nil
	})
	if !errors.Is(err, errFailing) {
		t.Fatalf("got %v, want %v", err, errFailing)
	}
	var deliveries []int
	again, err := streams.Map(c.Messages().Take(6), func(_ context.Context, m flowredis.Message) (int, error) {
		deliveries = append(deliveries, m.Deliveries)
		return number(m), nil
	}).Collect(t.Context())
	if err != nil || !slices.Equal(again, []int{4, 5, 6, 7, 8, 9}) {
		t.Errorf("got %v, %v, want what was not acknowledged, then the rest", again, err)
	}
	if len(deliveries) > 0 && deliveries[0] != 2 {
		t.Errorf("the message that failed was given %d times, want 2", deliveries[0])
	}
	await(t, "the last acknowledgement", patient, func() bool { return l.pending() == 0 })
}

func TestTwoRunsOfAConsumerAtATimeAreRefused(t *testing.T) {
	t.Parallel()
	l := newLine(t, calmClient(t, redistest.Shared(t).Addr()))
	c := l.consumer("first", flowredis.ConsumerConfig{})
	seen := newTallied()
	running(t, c, noting(seen))
	l.add(0, 1)
	await(t, "a message", patient, func() bool { n, _ := seen.counts(); return n == 1 })
	if err := c.Messages().Drain(t.Context()); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v, want core.ErrInvalid", err)
	}
}

func TestWhatADeadConsumerLeftIsTakenOver(t *testing.T) {
	t.Parallel()
	l := newLine(t, calmClient(t, redistest.Shared(t).Addr()))
	l.add(0, 500)
	ctx := context.Background()
	if err := l.client.XGroupCreateMkStream(ctx, l.stream, "billing", "0").Err(); err != nil {
		t.Fatal(err)
	}
	args := &redis.XReadGroupArgs{Group: "billing", Consumer: "dead", Streams: []string{l.stream, ">"}, Count: 300, Block: -1}
	if err := l.client.XReadGroup(ctx, args).Err(); err != nil {
		t.Fatal(err)
	}
	seen := newTallied()
	c := l.consumer("alive", flowredis.ConsumerConfig{ClaimAfter: 200 * time.Millisecond})
	running(t, c, noting(seen))
	await(t, "every message", patient, func() bool { n, _ := seen.counts(); return n == 500 })
	await(t, "every acknowledgement", patient, func() bool { return l.pending() == 0 })
	if st := c.Stats(); st.Claimed != 300 || st.Received != 200 {
		t.Errorf("got %+v, want 300 claimed and 200 received", st)
	}
}

func TestMessageThatIsHeldForLongIsNotTakenOver(t *testing.T) {
	t.Parallel()
	l := newLine(t, calmClient(t, redistest.Shared(t).Addr()))
	l.add(0, 1)
	cfg := flowredis.ConsumerConfig{ClaimAfter: time.Second}
	seen, slow := newTallied(), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	holder, other := l.consumer("holder", cfg), l.consumer("other", cfg)
	done := make(chan error, 1)
	go func() {
		done <- streams.Map(holder.Messages().Parallel(4), func(_ context.Context, m flowredis.Message) (int, error) {
			seen.note(number(m))
			if number(m) == 0 {
				<-slow
			}
			return 0, nil
		}).Drain(ctx)
	}()
	await(t, "the message", patient, func() bool { n, _ := seen.counts(); return n == 1 })
	running(t, other, noting(seen))
	<-time.After(3 * cfg.ClaimAfter)
	pending, err := l.client.XPendingExt(t.Context(), &redis.XPendingExtArgs{Stream: l.stream, Group: "billing", Start: "-", End: "+", Count: 10}).Result()
	if err != nil || len(pending) != 1 || pending[0].Consumer != "holder" || pending[0].RetryCount != 1 {
		t.Errorf("got %+v, %v, want it the holder's, and given once", pending, err)
	}
	close(slow)
	await(t, "the acknowledgement", patient, func() bool { return l.pending() == 0 })
	cancel()
	<-done
	if _, times := seen.counts(); times != 1 {
		t.Errorf("it was given %d times, want once", times)
	}
}

func TestMessageThatKillsItsConsumersBecomesADeadLetter(t *testing.T) {
	t.Parallel()
	l := newLine(t, calmClient(t, redistest.Shared(t).Addr()))
	l.add(0, 3)
	given := 0
	c := l.consumer("first", flowredis.ConsumerConfig{MaxDeliveries: 3, Batch: 1})
	for range 3 {
		err := c.Messages().ForEach(t.Context(), func(_ context.Context, m flowredis.Message) error {
			if number(m) == 1 {
				given++
				return errFailing
			}
			return nil
		})
		if !errors.Is(err, errFailing) {
			t.Fatalf("got %v, want %v", err, errFailing)
		}
	}
	seen := newTallied()
	running(t, c, noting(seen))
	await(t, "the message after it", patient, func() bool { n, _ := seen.counts(); return n == 1 })
	await(t, "every acknowledgement", patient, func() bool { return l.pending() == 0 })
	dead, err := l.client.XRange(t.Context(), l.stream+":dead", "-", "+").Result()
	if err != nil || len(dead) != 1 {
		t.Fatalf("got %v, %v, want one dead letter", dead, err)
	}
	v := dead[0].Values
	if v["number"] != "1" || v["goflow-reason"] != "given 3 times and never acknowledged" || v["goflow-group"] != "billing" {
		t.Errorf("got %v, want the message and the reason", v)
	}
	if given != 3 || c.Stats().DeadLettered != 1 {
		t.Errorf("it was given %d times and %+v, want 3 times and one dead letter", given, c.Stats())
	}
}

func TestFailedMessagesAreSetAsideByTheStream(t *testing.T) {
	t.Parallel()
	l := newLine(t, calmClient(t, redistest.Shared(t).Addr()))
	l.add(0, 5)
	c := l.consumer("first", flowredis.ConsumerConfig{})
	odd := streams.Map(c.Messages().DeadLetter(c.DeadLetter), func(_ context.Context, m flowredis.Message) (int, error) {
		if number(m)%2 == 0 {
			return 0, fmt.Errorf("%d is even", number(m))
		}
		return number(m), nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- odd.Drain(ctx) }()
	await(t, "the dead letters", patient, func() bool { return c.Stats().DeadLettered == 3 })
	await(t, "every acknowledgement", patient, func() bool { return l.pending() == 0 })
	cancel()
	<-done
	dead, err := l.client.XRange(t.Context(), l.stream+":dead", "-", "+").Result()
	if err != nil || len(dead) != 3 || !strings.HasSuffix(fmt.Sprint(dead[0].Values["goflow-reason"]), "0 is even") {
		t.Errorf("got %v, %v, want three dead letters with their reasons", dead, err)
	}
}

func TestConsumerGoesOnWhenItsGroupIsLost(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	l := newLine(t, calmClient(t, server.Addr()))
	seen := newTallied()
	c := l.consumer("first", flowredis.ConsumerConfig{})
	stop := running(t, c, noting(seen))
	l.add(0, 10)
	await(t, "messages", patient, func() bool { n, _ := seen.counts(); return n == 10 })
	server.MustDo("FLUSHALL")
	l.add(10, 10)
	await(t, "messages after the loss", patient, func() bool { n, _ := seen.counts(); return n == 20 })
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestConsumerIsPausedWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t, redistest.WithAppendOnly("always"))
	l := newLine(t, calmClient(t, server.Addr()))
	seen := newTallied()
	c := l.consumer("first", flowredis.ConsumerConfig{})
	stop := running(t, c, noting(seen))
	l.add(0, 10)
	await(t, "messages", patient, func() bool { n, _ := seen.counts(); return n == 10 && l.pending() == 0 })
	server.Kill()
	await(t, "the pause", patient, func() bool { return c.Stats().Paused })
	server.Revive()
	await(t, "the end of the pause", patient, func() bool { return !c.Stats().Paused })
	l.add(10, 10)
	await(t, "messages after the outage", patient, func() bool { n, _ := seen.counts(); return n == 20 })
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, times := seen.counts(); times != 20 {
		t.Errorf("20 messages were given %d times, want once each", times)
	}
}

func TestRunEndsSoonAfterItsContext(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	for _, c := range []struct {
		name   string
		before func()
		within time.Duration
	}{
		{"while it waits for messages", func() {}, 2 * time.Second},
		{"while redis stands still", server.Pause, 4 * time.Second},
	} {
		l := newLine(t, clientOf(t, server.Addr()))
		seen := newTallied()
		consumer := l.consumer("first", flowredis.ConsumerConfig{Block: 200 * time.Millisecond})
		stop := running(t, consumer, noting(seen))
		l.add(0, 1)
		await(t, "an acknowledgement", patient, func() bool { return consumer.Stats().Acknowledged == 1 })
		c.before()
		began := time.Now()
		if err := stop(); err != nil && c.within < 3*time.Second {
			t.Errorf("%s: got %v", c.name, err)
		}
		if took := time.Since(began); took > c.within {
			t.Errorf("%s: it took %v, want at most %v", c.name, took, c.within)
		}
	}
	server.Resume()
}

func TestKeyOfAnotherTypeFailsTheRun(t *testing.T) {
	t.Parallel()
	l := newLine(t, calmClient(t, redistest.Shared(t).Addr()))
	l.client.Set(t.Context(), l.stream, "text", time.Minute)
	err := l.consumer("first", flowredis.ConsumerConfig{}).Messages().Drain(t.Context())
	if err == nil || !redis.HasErrorPrefix(errors.Unwrap(errors.Unwrap(err)), "WRONGTYPE") {
		t.Errorf("got %v, want WRONGTYPE", err)
	}
}

// spoiled runs a consumer behind a relay that loses replies to a command.
func spoiled(t *testing.T, command string) (seen *tallied, c *flowredis.Consumer, l *line) {
	t.Helper()
	server := redistest.Single(t)
	relay := faultnet.Listen(t, server.Addr())
	l = newLine(t, calmClient(t, server.Addr()))
	seen = newTallied()
	c = l.consumerOn(calmClient(t, relay.Addr()), "first", flowredis.ConsumerConfig{Batch: 7})
	stop := running(t, c, noting(seen))
	const rounds, each = 30, 20
	for round := range rounds {
		relay.CutReplies(1, faultnet.Contains(command))
		l.add(round*each, each)
		await(t, "the round's messages", patient, func() bool { n, _ := seen.counts(); return n == (round+1)*each })
	}
	relay.Heal()
	await(t, "every acknowledgement", patient, func() bool { return l.pending() == 0 })
	if err := stop(); err != nil {
		t.Error(err)
	}
	return seen, c, l
}

func TestNoMessageIsLostWhenRepliesAreLost(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"xreadgroup", "xack", "xautoclaim"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			seen, c, _ := spoiled(t, command)
			numbers, times := seen.counts()
			t.Logf("%d messages were given %d times; %+v", numbers, times, c.Stats())
			if numbers != 600 || times != 600 {
				t.Errorf("600 messages: %d were given %d times, want each once", numbers, times)
			}
		})
	}
}

func TestProducerSendsNothingTwiceWhenRepliesAreLost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		client func(addr string) redis.UniversalClient
	}{
		{"a client of ours", func(addr string) redis.UniversalClient { return calmClient(t, addr) }},
		{"a client that retries", func(addr string) redis.UniversalClient {
			return redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true, MaxRetries: 3})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Single(t)
			relay := faultnet.Listen(t, server.Addr())
			client := c.client(relay.Addr())
			defer func() { _ = client.Close() }()
			l := newLine(t, client)
			p := l.producer(flowredis.ProducerConfig{})
			const calls = 200
			for i := range calls {
				if i%3 == 0 {
					relay.CutReplies(1, faultnet.Contains("xadd"))
				}
				var failed *flowredis.AddError
				err := p.Add(t.Context(), numbered(i, 1)...)
				class := core.ErrorType(err) // timeout is of a connection that a busy machine was late to make
				if err != nil && (!errors.As(err, &failed) || class != core.TypeUnavailable && class != core.TypeTimeout) {
					t.Fatalf("got %v of class %s, want an AddError of class unavailable", err, class)
				}
			}
			relay.Heal()
			st := p.Stats()
			direct := calmClient(t, server.Addr())
			n, err := direct.XLen(t.Context(), l.stream).Result()
			if err != nil || n != st.Added+st.Unknown || st.Unknown == 0 {
				t.Errorf("the stream has %d messages, %v, and %+v; want one for each that was sent", n, err, st)
			}
		})
	}
}

func TestProducerRefusesWhatSaysNothing(t *testing.T) {
	t.Parallel()
	l := newLine(t, calmClient(t, redistest.Shared(t).Addr()))
	p := l.producer(flowredis.ProducerConfig{})
	if err := p.Add(t.Context(), flowredis.Message{Key: "empty"}); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v, want core.ErrInvalid", err)
	}
	if err := p.Add(t.Context()); err != nil {
		t.Errorf("no messages: got %v", err)
	}
}

func TestBatchesAreASinkThatKeepsTheStreamShort(t *testing.T) {
	t.Parallel()
	l := newLine(t, calmClient(t, redistest.Shared(t).Addr()))
	p := l.producer(flowredis.ProducerConfig{MaxLen: 1000})
	messages := streams.FromSlice(numbered(0, 5000))
	if err := streams.Batch(messages, 300, time.Second).ForEach(t.Context(), p.AddAll); err != nil {
		t.Fatal(err)
	}
	n, err := l.client.XLen(t.Context(), l.stream).Result()
	if err != nil || n < 1000 || n > 1200 || p.Stats().Added != 5000 {
		t.Errorf("got %d messages, %v, and %+v, want about 1000 of 5000", n, err, p.Stats())
	}
}

func TestWrongConfigOfStreamsNamesEveryField(t *testing.T) {
	t.Parallel()
	_, err := flowredis.NewConsumer("orders", nil, flowredis.ConsumerConfig{Batch: -1, Block: time.Hour, ClaimAfter: 1})
	want := []string{"coordinator", "Stream", "Group", "Consumer", "Batch", "Block", "ClaimAfter"}
	for _, field := range want {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("got %v, want it to name %s", err, field)
		}
	}
	_, err = flowredis.NewProducer("orders", nil, flowredis.ProducerConfig{MaxLen: -1, Timeout: 1})
	for _, field := range []string{"coordinator", "Stream", "MaxLen", "Timeout"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("got %v, want it to name %s", err, field)
		}
	}
}
