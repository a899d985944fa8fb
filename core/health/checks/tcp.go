package checks

import (
	"context"
	"net"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

// TCP makes a check that connects to addr, a host:port, and closes the connection: it is down when it
// cannot.
func TCP(name, addr string) (health.Check, error) {
	_, _, err := net.SplitHostPort(addr)
	var faults core.Faults
	faults.Require(err == nil, "addr", addr, "must be host:port")
	if err := core.Configure(pkg, name, faults.Err()); err != nil {
		return health.Check{}, err
	}
	return health.Check{Name: name, Run: func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return conn.Close()
	}}, nil
}
