package flowredis_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
)

// reply is an error a server answered with.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

func TestErrorsAreJudgedByWhetherTheScriptMayHaveRun(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: io.EOF}
	read := &net.OpError{Op: "read", Err: io.EOF}
	for _, c := range []struct {
		err     error
		verdict string
		again   bool
	}{
		{nil, "answered", false},
		{reply("READONLY You can't write against a read only replica."), "not_run", true},
		{reply("LOADING Redis is loading the dataset in memory"), "not_run", true},
		{reply("CLUSTERDOWN The cluster is down"), "not_run", true},
		{reply("TRYAGAIN Multiple keys request during rehashing of slot"), "not_run", true},
		{reply("NOREPLICAS Not enough good replicas to write."), "not_run", true},
		{fmt.Errorf("hook: %w", reply("MASTERDOWN Link with MASTER is down")), "not_run", true},
		{reply("OOM command not allowed when used memory > 'maxmemory'."), "not_run", false},
		{reply("NOPERM this user has no permissions"), "not_run", false},
		{reply("WRONGTYPE Operation against a key"), "refused", false},
		{reply("STATE is not of this format"), "refused", false},
		{reply("QUOTA is another"), "answered", false},
		{dial, "not_run", false},
		{fmt.Errorf("dial: %w", dial), "not_run", false},
		{redis.ErrPoolTimeout, "not_run", false},
		{redis.ErrClosed, "not_run", false},
		{read, "unknown", false},
		{io.EOF, "unknown", false},
		{context.DeadlineExceeded, "unknown", false},
	} {
		if v, again := flowredis.Judge(c.err); v != c.verdict || again != c.again {
			t.Errorf("%v: got %s, again %v, want %s, %v", c.err, v, again, c.verdict, c.again)
		}
	}
}
