package httpfx_test

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/fxmodule/httpfx"
)

// breakListener takes the listening socket at addr away from this process, as nothing but the system
// can: Accept then fails for good.
func breakListener(addr net.Addr) error {
	port := addr.(*net.TCPAddr).Port
	for fd := range 1 << 10 {
		listens, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
		if err != nil || listens == 0 {
			continue
		}
		name, err := syscall.Getsockname(fd)
		if in4, ok := name.(*syscall.SockaddrInet4); err == nil && ok && in4.Port == port {
			return syscall.Shutdown(fd, syscall.SHUT_RD)
		}
	}
	return errors.New("no such listener")
}

func TestServingThatFailsEndsTheApplicationWithExitCode1(t *testing.T) {
	t.Parallel()
	var s *flowhttp.Server
	a := start(t, httpfx.AsHandler("api", says("")), httpfx.Serve("api", free), populate("api", &s))
	done := a.Wait()
	if err := breakListener(s.Addr()); err != nil {
		t.Fatal(err)
	}
	if signal := <-done; signal.ExitCode != 1 {
		t.Errorf("exit code %d, want 1", signal.ExitCode)
	}
	stop(t, a)
}
