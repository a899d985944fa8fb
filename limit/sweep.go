package limit

import "github.com/goflow-go/goflow/internal/clock"

// Sweep forgets the keys none of whose permits are in use and gives back their memory; it says how many
// they were. No decision changes: such a key is the same as one never seen. Without Sweep they are
// forgotten when their place is needed, so call it now and then where many keys come and go, say once a
// minute. It does not block decisions for longer than moving a 64th of the keys takes.
func (k *Keyed) Sweep() (forgotten int) {
	before := k.keys.Load()
	now := clock.Now()
	for i := range k.shards {
		s := &k.shards[i]
		s.replace(s.table.Load(), k, now)
	}
	return int(max(0, before-k.keys.Load()))
}
