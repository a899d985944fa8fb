package main

import (
	"context"
	"flag"
	"log/slog"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/fxmodule/redisfx"
	"github.com/goflow-go/goflow/fxmodule/schedfx"
	"github.com/goflow-go/goflow/sched"
)

// redisPrefix begins the names of the environment variables about Redis. They have no flags: a password
// on a command line is there for all to see.
const redisPrefix = "REDIS_"

// redisVariable names the environment variable of a setting.
func redisVariable(name string) string {
	return redisPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// redisFlags are the settings about Redis, by the names that flowredis gives them.
func redisFlags(cfg *redisfx.Config) *flag.FlagSet {
	fs := flag.NewFlagSet("redis", flag.ContinueOnError)
	client := &cfg.Client
	fs.Func("addrs", "share the limit with all gateways at these `host:port,...`: a server, seeds of a cluster, or sentinels", func(text string) error {
		client.Addrs = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
		return nil
	})
	fs.StringVar(&client.MasterName, "master-name", "", "the addresses are of Sentinels, which know the master by this `name`")
	fs.BoolVar(&client.Cluster, "cluster", false, "the address is of a cluster, though it is one")
	fs.StringVar(&client.Username, "username", "", "the ACL `user`")
	fs.TextVar(&client.Password, "password", flowredis.Secret(""), "that user's `password`")
	fs.StringVar(&client.SentinelUsername, "sentinel-username", "", "the ACL `user` at the Sentinels")
	fs.TextVar(&client.SentinelPassword, "sentinel-password", flowredis.Secret(""), "that user's `password`")
	fs.BoolVar(&client.TLS, "tls", false, "speak TLS, and trust the system's roots")
	fs.IntVar(&client.DB, "db", 0, "the `number` of the database")
	fs.StringVar(&cfg.Coordinator.Prefix, "prefix", "goflow:gateway", "begin keys with this `text`; gateways share when theirs is the same")
	fs.DurationVar(&cfg.Coordinator.Budget, "budget", 50*time.Millisecond, "decide without Redis when it takes longer than this `duration`")
	fs.IntVar(&cfg.Coordinator.Instances, "instances", 1, "reckon with `n` gateways at least, when Redis is away")
	fs.TextVar(&cfg.Fallback, "fallback", flowredis.FallbackLocal, "`what` to do while Redis is away: local gives each gateway its share, closed refuses, open lets through")
	return fs
}

// sharing lets the gateways of one Redis share their limits, where the config names one.
func sharing(cfg config) fx.Option {
	options := []fx.Option{redisfx.Module, fx.Supply(cfg.Redis)}
	if cfg.Redis.Shared() {
		options = append(options, schedfx.AsJob(newCensus, schedfx.Once())) // one of all gateways tells
	}
	return fx.Options(options...)
}

// whose says who has a part in the limit of a client.
func whose(cfg redisfx.Config) string {
	if !cfg.Shared() {
		return "are of this gateway alone"
	}
	return "are shared through redis " + strings.Join(cfg.Client.Addrs, ",")
}

// newCensus says how many gateways share the limits, when that is news to this one.
func newCensus(c *flowredis.Coordinator, l *slog.Logger) sched.Spec {
	told := 0
	return sched.Spec{
		Name:    "census",
		Trigger: sched.Every(10 * time.Second),
		Task: func(ctx context.Context) error {
			if now := c.Instances(); now != told {
				l.InfoContext(ctx, "gateways that share the limit", "number", now, "mode", c.Mode().String())
				told = now
			}
			return nil
		},
		Options: []sched.JobOption{sched.WithTimeout(2 * time.Second)}, // while Redis is away, there is no waiting for it
	}
}
