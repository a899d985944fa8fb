package flowredis

// ConsumerStats is what a consumer has counted in this process since it was made, and how it stands.
type ConsumerStats struct {
	Received     int64 // messages given for the first time
	Again        int64 // given to this consumer before, and not acknowledged
	Claimed      int64 // taken over from another
	Acknowledged int64
	DeadLettered int64
	Failures     int64 // requests that Redis did not answer, or refused

	Active  int64 // messages given to this process and not acknowledged yet
	Paused  bool  // Redis does not answer
	Lag     int64 // messages no consumer of the group was given, when last asked; -1 when not known
	Pending int64 // messages given to the group and not acknowledged, when last asked
}

// Stats reads the counters and the state.
func (c *Consumer) Stats() ConsumerStats {
	return ConsumerStats{
		Received:     c.counts[fateReceived].Load(),
		Again:        c.counts[fateAgain].Load(),
		Claimed:      c.counts[fateClaimed].Load(),
		Acknowledged: c.counts[fateAcknowledged].Load(),
		DeadLettered: c.counts[fateDeadLettered].Load(),
		Failures:     c.failures.Load(),
		Active:       c.active.Load(),
		Paused:       c.paused.Load(),
		Lag:          c.lag.Load(),
		Pending:      c.pending.Load(),
	}
}

// ProducerStats is what a producer has counted since it was made, in messages.
type ProducerStats struct {
	Added    int64
	NotAdded int64 // surely not
	Unknown  int64 // no answer: it may have been added
}

// Stats reads the counters.
func (p *Producer) Stats() ProducerStats {
	return ProducerStats{
		Added:    p.counts[answered].Load(),
		NotAdded: p.counts[notRun].Load() + p.counts[refused].Load(),
		Unknown:  p.counts[unknown].Load() + p.counts[abandoned].Load(),
	}
}
