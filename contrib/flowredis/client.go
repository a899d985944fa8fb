package flowredis

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/goflow-go/goflow/core"
)

// ClientConfig says where Redis is. One address is a single server; several are seeds of a cluster,
// or Sentinels when MasterName is set.
type ClientConfig struct {
	// Addrs are host:port addresses. Required.
	Addrs []string `json:"addrs" yaml:"addrs" env:"ADDRS"`
	// MasterName is the name Sentinels know the master by. With it, Addrs are Sentinels.
	MasterName string `json:"master_name" yaml:"master_name" env:"MASTER_NAME"`
	// Cluster says that Addrs, even a single one, are of a Redis Cluster.
	Cluster bool `json:"cluster" yaml:"cluster" env:"CLUSTER"`

	// Username is the ACL user. Defaults to the server's default user.
	Username string `json:"username" yaml:"username" env:"USERNAME"`
	// Password is the user's. Defaults to none.
	Password Secret `json:"password" yaml:"password" env:"PASSWORD"`
	// SentinelUsername is the ACL user at the Sentinels. Defaults to their default user.
	SentinelUsername string `json:"sentinel_username" yaml:"sentinel_username" env:"SENTINEL_USERNAME"`
	// SentinelPassword is that user's. Defaults to none.
	SentinelPassword Secret `json:"sentinel_password" yaml:"sentinel_password" env:"SENTINEL_PASSWORD"`
	// TLS encrypts, and checks the server's name against the system's roots.
	TLS bool `json:"tls" yaml:"tls" env:"TLS"`
	// TLSConfig is for roots or certificates of your own, and stands in place of TLS.
	TLSConfig *tls.Config `json:"-" yaml:"-"`

	// DB is the database. Defaults to 0, and must be 0 in a cluster.
	DB int `json:"db" yaml:"db" env:"DB"`
	// PoolSize is how many connections there may be to each server. Defaults to 64.
	PoolSize int `json:"pool_size" yaml:"pool_size" env:"POOL_SIZE"`
	// PoolTimeout is how long a command waits for a free connection. Defaults to 50 ms.
	PoolTimeout time.Duration `json:"pool_timeout" yaml:"pool_timeout" env:"POOL_TIMEOUT"`
	// DialTimeout bounds connecting. Defaults to 200 ms.
	DialTimeout time.Duration `json:"dial_timeout" yaml:"dial_timeout" env:"DIAL_TIMEOUT"`
	// ReadTimeout bounds the wait for a reply, and sending, where no context is shorter. Defaults to 200 ms.
	ReadTimeout time.Duration `json:"read_timeout" yaml:"read_timeout" env:"READ_TIMEOUT"`
}

// Validate reports everything that is wrong with c.
func (c ClientConfig) Validate() error {
	var faults core.Faults
	faults.Require(len(c.Addrs) > 0, "Addrs", c.Addrs, "must not be empty")
	for i, addr := range c.Addrs {
		_, _, err := net.SplitHostPort(addr)
		ok := err == nil && !strings.ContainsAny(addr, "/@")
		faults.Require(ok, fmt.Sprintf("Addrs[%d]", i), addr[strings.LastIndex(addr, "@")+1:], "must be host:port")
	}
	faults.Require(!c.Cluster || c.MasterName == "", "Cluster", c.Cluster, "must not be set with MasterName")
	faults.Require(c.DB >= 0, "DB", c.DB, "must not be negative")
	faults.Require(c.DB == 0 || !c.clustered(), "DB", c.DB, "must be 0 in a cluster")
	faults.Require(c.PoolSize >= 0, "PoolSize", c.PoolSize, "must not be negative")
	faults.Require(c.PoolTimeout >= 0, "PoolTimeout", c.PoolTimeout, "must not be negative")
	faults.Require(c.DialTimeout >= 0, "DialTimeout", c.DialTimeout, "must not be negative")
	faults.Require(c.ReadTimeout >= 0, "ReadTimeout", c.ReadTimeout, "must not be negative")
	return faults.Err()
}

// clustered reports whether the addresses are of a cluster.
func (c ClientConfig) clustered() bool { return c.Cluster || len(c.Addrs) > 1 && c.MasterName == "" }

func (c ClientConfig) withDefaults() ClientConfig {
	orDefault(&c.PoolSize, 64)
	orDefault(&c.PoolTimeout, 50*time.Millisecond)
	orDefault(&c.DialTimeout, 200*time.Millisecond)
	orDefault(&c.ReadTimeout, 200*time.Millisecond)
	if c.TLS && c.TLSConfig == nil {
		c.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return c
}

// topologyAge is how old a cluster client's picture of the cluster may be.
const topologyAge = 2 * time.Second

// idleTime is how long a connection may be unused. A server that went away without a word leaves dead
// ones in the pool, and each would cost a probe.
const idleTime = 5 * time.Second

// NewClient makes a client with the settings limits and locks need: contexts are heeded, timeouts are
// short, nothing is sent twice, and a cluster's topology is read again soon. It connects to nothing
// yet, so it works while Redis is down. A wrong config is an error that names every field at fault,
// and never shows a password. The caller closes it.
func NewClient(cfg ClientConfig) (redis.UniversalClient, error) {
	if err := core.Configure(pkg, "client", cfg.Validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	opts := cfg.options()
	switch {
	case cfg.MasterName != "":
		return redis.NewFailoverClient(opts.Failover()), nil
	case cfg.clustered():
		cluster := opts.Cluster() // UniversalOptions have no place for what follows
		cluster.ClusterStateReloadInterval = topologyAge
		return redis.NewClusterClient(cluster), nil
	}
	return redis.NewClient(opts.Simple()), nil
}

func (c ClientConfig) options() *redis.UniversalOptions {
	return &redis.UniversalOptions{
		Addrs:            c.Addrs,
		MasterName:       c.MasterName,
		Username:         c.Username,
		Password:         string(c.Password),
		SentinelUsername: c.SentinelUsername,
		SentinelPassword: string(c.SentinelPassword),
		TLSConfig:        c.TLSConfig,
		DB:               c.DB,
		PoolSize:         c.PoolSize,
		PoolTimeout:      c.PoolTimeout,
		DialTimeout:      c.DialTimeout,
		DialerRetries:    1,
		ReadTimeout:      c.ReadTimeout,
		WriteTimeout:     c.ReadTimeout,
		MaxRetries:       -1,

		ContextTimeoutEnabled: true,
		ConnMaxIdleTime:       idleTime,

		// Nothing on connecting that an ACL user for limits alone may not do.
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// orDefault sets what was not set.
func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
