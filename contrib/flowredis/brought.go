package flowredis

import "github.com/redis/go-redis/v9"

// brought is what a coordinator must know of the client it was given.
type brought struct {
	heedsContext bool
	retries      bool
	cluster      *redis.ClusterClient // nil unless it is one
}

// inspect looks at a client. One of a type of its own is taken to heed no context.
func inspect(client redis.UniversalClient) brought {
	switch c := client.(type) {
	case *redis.Client:
		o := c.Options()
		return brought{heedsContext: o.ContextTimeoutEnabled, retries: o.MaxRetries > 0}
	case *redis.ClusterClient:
		o := c.Options()
		return brought{heedsContext: o.ContextTimeoutEnabled, retries: o.MaxRetries > 0, cluster: c}
	case *redis.Ring:
		o := c.Options()
		return brought{heedsContext: o.ContextTimeoutEnabled, retries: o.MaxRetries > 0}
	}
	return brought{}
}

// weakness names the setting that is not as it should be, or "". Scripts are never retried, whatever
// the client's setting; what else the client is used for is.
func (b brought) weakness() string {
	switch {
	case !b.heedsContext:
		return "ContextTimeoutEnabled"
	case b.retries:
		return "MaxRetries"
	}
	return ""
}
