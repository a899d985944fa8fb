package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/internal/redistest"
)

// served asks gateways under IDs that no other call uses, until stop is closed, and gives those IDs that were
// answered with 200.
func served(t *testing.T, stop <-chan struct{}, prefix string, workers int, gateways func() []*process) (answered func() []string) {
	t.Helper()
	client := newClient(t)
	var mu sync.Mutex
	var ids []string
	var n atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				i := n.Add(1)
				id := prefix + strconv.FormatInt(i, 10)
				list := gateways()
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, list[int(i)%len(list)].url+"/hello", http.NoBody)
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("X-Request-Id", id)
				resp, err := client.Do(req)
				if err != nil {
					continue // it was killed
				}
				_ = resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					mu.Lock()
					ids = append(ids, id)
					mu.Unlock()
				}
			}
		})
	}
	return func() []string {
		all.Wait()
		return ids
	}
}

// records are how often each request is in the stream.
func records(t *testing.T, client *redis.Client) map[string]int {
	t.Helper()
	entries, err := client.XRange(t.Context(), "goflow:gateway:usage", "-", "+").Result()
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, e := range entries {
		id, _ := e.Values["id"].(string)
		times[id]++
	}
	return times
}

// Under load one gateway is killed three times, and then Redis stands still for a while: each request that was
// answered is in the stream, and few are in it twice.
func TestNoRecordOfAServedRequestIsLostWhenAGatewayIsKilledOrRedisStandsStill(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	dirs := []string{t.TempDir(), t.TempDir()}
	start := func(i int) *process {
		return startGateway(t, []string{"REDIS_ADDRS=" + server.Addr(), "GATEWAY_NAME=gateway-" + strconv.Itoa(i)},
			"-load", "0", "-rate", "100000/s", "-burst", "100000", "-usage", dirs[i])
	}
	var gateways [2]atomic.Pointer[process]
	for i := range gateways {
		gateways[i].Store(start(i))
	}
	stop := make(chan struct{})
	answered := served(t, stop, "request-", 4, func() []*process { return []*process{gateways[0].Load(), gateways[1].Load()} })
	for range 3 {
		<-time.After(500 * time.Millisecond)
		gateways[1].Load().signal(syscall.SIGKILL)
		gateways[1].Store(start(1))
	}
	<-time.After(300 * time.Millisecond)
	server.Pause()
	<-time.After(2500 * time.Millisecond)
	server.Resume()
	<-time.After(time.Second)
	close(stop)
	ids := answered()

	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer func() { _ = client.Close() }()
	admin := newClient(t)
	await(t, "the end of the queues", func() bool {
		pending := `goflow_spill_record_pending{.*spill_name="usage".*}`
		return metric(t, admin, gateways[0].Load(), pending) == 0 && metric(t, admin, gateways[1].Load(), pending) == 0
	})
	times := records(t, client)
	lost, twice, total := 0, 0, 0
	for _, id := range ids {
		if times[id] == 0 {
			lost++
		}
	}
	for _, n := range times {
		twice += n - 1
		total += n
	}
	t.Logf("of %d requests answered, %d have no record; of %d records, %d came again", len(ids), lost, total, twice)
	if lost > 0 {
		t.Errorf("%d of %d requests that were answered have no record", lost, len(ids))
	}
	// Each kill, and the stand-still at each gateway, leaves one delivery in doubt; a delivery has 256 records at most.
	if twice > 5*256 {
		t.Errorf("%d records came again, want no more than one delivery for each of 5 faults", twice)
	}
	await(t, "the count of what no one has counted", func() bool {
		left := `goflow_consumer_group_lag{.*consumer_name="usage".*}`
		return metric(t, admin, gateways[0].Load(), left) == 0 && counted(t, admin, gateways[0].Load()) > 0
	})
	end(t, gateways[0].Load(), gateways[1].Load())
}

// counted is how many requests a gateway has counted.
func counted(t *testing.T, client *http.Client, p *process) (n int) {
	t.Helper()
	var items []struct{ Requests int }
	resp := get(t, client, p.admin+"/debug/usage", nil)
	if err := json.Unmarshal([]byte(resp.body), &items); err != nil {
		t.Fatalf("%v: %s", err, resp.body)
	}
	for _, i := range items {
		n += i.Requests
	}
	return n
}

// What cannot be read is set aside, and the next is counted; the count is part of the request's trace.
func TestAMessageThatIsNoRecordIsSetAside(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	p := startGateway(t, []string{"REDIS_ADDRS=" + server.Addr(), "OTEL_TRACES_EXPORTER=console"}, "-load", "0")
	server.MustDo("XADD", "goflow:gateway:usage", "*", "status", "fine")
	client := newClient(t)
	const trace = "0af7651916cd43dd8448eb211c80319c"
	get(t, client, p.url+"/hello", http.Header{"Traceparent": {"00-" + trace + "-b7ad6b7169203331-01"}})
	await(t, "the count", func() bool { return counted(t, client, p) == 1 })
	if set := server.MustDo("XLEN", "goflow:gateway:usage:dead").Number; set != 1 {
		t.Errorf("%v messages are set aside, want 1", set)
	}
	end(t, p)
	if out := p.stdout.text(); !strings.Contains(out, `"process bill/foreach"`) || !strings.Contains(out, `"publish usage"`) {
		t.Error("the trace has no span of the count, or of the delivery")
	}
}

func TestAGatewayAloneCountsWhatItServedAndNotWhatItRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startGateway(t, nil, "-load", "0", "-rate", "1/m", "-burst", "3", "-usage", dir)
	client := newClient(t)
	for i := range 5 {
		resp := get(t, client, p.url+"/hello", http.Header{"X-Request-Id": {fmt.Sprint("order-", i)}})
		if got := resp.header.Values("X-Request-Id"); len(got) != 1 || got[0] != fmt.Sprint("order-", i) {
			t.Errorf("the answer to order-%d has the ids %v", i, got)
		}
	}
	await(t, "the count", func() bool { return counted(t, client, p) == 3 })
	requireMetrics(t, client, p.admin, `goflow_spill_records_total{.*spill_name="usage".*outcome="acked".*} 3`)
	end(t, p)
}
