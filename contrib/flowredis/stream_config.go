package flowredis

import (
	"time"

	"github.com/goflow-go/goflow/core"
)

// ConsumerConfig is the config of a [Consumer].
type ConsumerConfig struct {
	// Stream is the key of the Redis stream, as it is: no prefix is put before it. Required.
	Stream string `json:"stream" yaml:"stream" env:"STREAM"`
	// Group is the consumer group, which is made when it is not there, and the stream with it. Each
	// message goes to one consumer of a group. Required.
	Group string `json:"group" yaml:"group" env:"GROUP"`
	// Consumer is this process in the group: a name that no other running process has, and that stays the
	// same when it is started again, such as a host's or a pod's. Required.
	Consumer string `json:"consumer" yaml:"consumer" env:"CONSUMER"`
	// Start is where a new group begins: an ID, "0" for the oldest message, or "$" for those to come. A
	// group that Redis has lost begins there again. Defaults to "0".
	Start string `json:"start" yaml:"start" env:"START"`
	// Batch is how many messages one request gives at most. Defaults to 128.
	Batch int `json:"batch" yaml:"batch" env:"BATCH"`
	// Block is how long a request waits in Redis for messages. The end of a run is seen within that. Defaults to
	// 200 ms, must be from 1 ms to 10 s.
	Block time.Duration `json:"block" yaml:"block" env:"BLOCK"`
	// ClaimAfter is how long after it was given a message that was not acknowledged is taken over from another
	// consumer, which may be dead. A run that fetches keeps what it has from that, so it must be longer than
	// a run may pause between two batches: than processing one takes. Defaults to 30 s, must be at least 10 ms.
	ClaimAfter time.Duration `json:"claim_after" yaml:"claim_after" env:"CLAIM_AFTER"`
	// MaxDeliveries is how often a message is given at most, before it is moved to DeadLetters: it may be
	// what kills consumers. Negative for any number. Defaults to 16.
	MaxDeliveries int `json:"max_deliveries" yaml:"max_deliveries" env:"MAX_DELIVERIES"`
	// DeadLetters is the key of the stream where such messages go, with the reason. It is never trimmed.
	// Defaults to Stream and ":dead".
	DeadLetters string `json:"dead_letters" yaml:"dead_letters" env:"DEAD_LETTERS"`
}

// Validate reports everything that is wrong with c.
func (c ConsumerConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.Stream != "", "Stream", c.Stream, "must not be empty")
	faults.Require(c.Group != "", "Group", c.Group, "must not be empty")
	faults.Require(c.Consumer != "", "Consumer", c.Consumer, "must not be empty")
	faults.Require(c.Batch >= 0, "Batch", c.Batch, "must not be negative")
	faults.Require(c.Block == 0 || c.Block >= time.Millisecond, "Block", c.Block, "must be at least 1ms")
	faults.Require(c.Block <= 10*time.Second, "Block", c.Block, "must be at most 10s")
	faults.Require(c.ClaimAfter == 0 || c.ClaimAfter >= 10*time.Millisecond, "ClaimAfter", c.ClaimAfter, "must be at least 10ms")
	faults.Require(c.DeadLetters == "" || c.DeadLetters != c.Stream, "DeadLetters", c.DeadLetters, "must not be Stream")
	return faults.Err()
}

func (c ConsumerConfig) withDefaults() ConsumerConfig {
	orDefault(&c.Start, "0")
	orDefault(&c.Batch, 128)
	orDefault(&c.Block, 200*time.Millisecond)
	orDefault(&c.ClaimAfter, 30*time.Second)
	orDefault(&c.MaxDeliveries, 16)
	orDefault(&c.DeadLetters, c.Stream+":dead")
	return c
}

// ProducerConfig is the config of a [Producer].
type ProducerConfig struct {
	// Stream is the key of the Redis stream, as it is: no prefix is put before it. Required.
	Stream string `json:"stream" yaml:"stream" env:"STREAM"`
	// MaxLen is about how many messages the stream keeps: older ones are deleted, whether they were
	// consumed or not. Defaults to any number.
	MaxLen int64 `json:"max_len" yaml:"max_len" env:"MAX_LEN"`
	// Timeout is how long one request may take, of a thousand messages at most. Defaults to 1 s, must be at least
	// 1 ms.
	Timeout time.Duration `json:"timeout" yaml:"timeout" env:"TIMEOUT"`
}

// Validate reports everything that is wrong with c.
func (c ProducerConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.Stream != "", "Stream", c.Stream, "must not be empty")
	faults.Require(c.MaxLen >= 0, "MaxLen", c.MaxLen, "must not be negative")
	faults.Require(c.Timeout == 0 || c.Timeout >= time.Millisecond, "Timeout", c.Timeout, "must be at least 1ms")
	return faults.Err()
}

func (c ProducerConfig) withDefaults() ProducerConfig {
	orDefault(&c.Timeout, time.Second)
	return c
}
