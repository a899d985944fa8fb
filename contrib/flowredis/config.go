package flowredis

import (
	"fmt"
	"strings"
	"time"

	"github.com/goflow-go/goflow/core"
)

// pkg is this package in errors.
const pkg = "flowredis"

// Config is the config of a [Coordinator].
type Config struct {
	// Prefix begins every key, so that an ACL can name them all ("~goflow:*"). Processes share when
	// their prefixes are the same. Letters, digits and "-_.:/" only. Defaults to "goflow".
	Prefix string `json:"prefix" yaml:"prefix" env:"PREFIX"`
	// Budget is how long a decision may take, whatever Redis does. Defaults to 50 ms, must be at
	// least 1 ms.
	Budget time.Duration `json:"budget" yaml:"budget" env:"BUDGET"`
	// Heartbeat is how often a started coordinator says that it is there, counts the others, and looks
	// for quotas that were changed. Who is silent for five heartbeats is not counted. Defaults to 1 s,
	// must be at least 10 ms.
	Heartbeat time.Duration `json:"heartbeat" yaml:"heartbeat" env:"HEARTBEAT"`
	// Instances is how many processes to reckon with at least, when a limit is split among them
	// because Redis cannot be asked: what counts as long as none were counted. Defaults to 1.
	Instances int `json:"instances" yaml:"instances" env:"INSTANCES"`
}

// Validate reports everything that is wrong with c.
func (c Config) Validate() error {
	var faults core.Faults
	faults.Require(len(c.Prefix) <= maxPrefix, "Prefix", c.Prefix, fmt.Sprintf("must have at most %d bytes", maxPrefix))
	odd := strings.IndexFunc(c.Prefix, func(r rune) bool { return !inPrefix(r) }) >= 0
	faults.Require(!odd, "Prefix", c.Prefix, `must be letters, digits and "-_.:/"`)
	faults.Require(c.Budget == 0 || c.Budget >= time.Millisecond, "Budget", c.Budget, "must be at least 1ms")
	faults.Require(c.Budget <= time.Minute, "Budget", c.Budget, "must be at most 1m")
	faults.Require(c.Heartbeat == 0 || c.Heartbeat >= 10*time.Millisecond, "Heartbeat", c.Heartbeat, "must be at least 10ms")
	faults.Require(c.Heartbeat <= time.Hour, "Heartbeat", c.Heartbeat, "must be at most 1h")
	faults.Require(c.Instances >= 0, "Instances", c.Instances, "must not be negative")
	return faults.Err()
}

const maxPrefix = 64

func inPrefix(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.:/", r)
}

func (c Config) withDefaults() Config {
	orDefault(&c.Prefix, "goflow")
	orDefault(&c.Budget, 50*time.Millisecond)
	orDefault(&c.Heartbeat, time.Second)
	orDefault(&c.Instances, 1)
	return c
}
