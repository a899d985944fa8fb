// Package redistest starts real redis-server processes for tests: one alone, a Sentinel trio with its
// replicas, or a Cluster.
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(redistest.Main(m)) }
//
//	func TestCounting(t *testing.T) {
//		server := redistest.Shared(t) // one for all tests of the package
//		key := redistest.Prefix(t) + "visits"
//		...
//	}
//
//	func TestFailover(t *testing.T) {
//		s := redistest.Sentinel(t) // this test's own
//		old := s.Master()
//		old.Kill()
//		now, err := s.AwaitFailover(t.Context(), old)
//		...
//	}
//
// # What it gives
//
//   - [Single], [Sentinel] and [Cluster] belong to one test. They are healthy when the call returns, and
//     gone when the test ends, with all they stored. [Option] values set a password, TLS, persistence and
//     so on.
//   - [Shared] and [SharedCluster] are started once for all tests of a package that needs [Main]. Tests
//     stay apart by [Prefix], and leave the servers' settings alone.
//   - [Server] is killed, paused, resumed and revived, and asked anything by [Server.Do].
//
// # What it promises
//
// Servers listen on loopback addresses alone, on ports below those that the kernel gives to outgoing
// connections, and which no other process that uses this package takes while the test runs, not even when
// the server is down. They are ended by their own pid. No server outlives the test's process, however that
// ends, and none holds a file that the process had inherited.
//
// A test fails when there is no redis-server. It never skips.
package redistest
