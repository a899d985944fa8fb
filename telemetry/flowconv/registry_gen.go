// Code generated from telemetry/registry.yaml by tools/flowconvgen. DO NOT EDIT.

package flowconv

import "go.opentelemetry.io/otel/attribute"

// Attribute keys.
const (
	// AppCallerKey is "goflow.app.caller": the function that appended the hook. On spans only.
	AppCallerKey = attribute.Key("goflow.app.caller")
	// AppFunctionKey is "goflow.app.function": the function that ran, with its import path. On spans only.
	AppFunctionKey = attribute.Key("goflow.app.function")
	// AppModuleKey is "goflow.app.module": the fx.Module the function belongs to. On spans only.
	AppModuleKey = attribute.Key("goflow.app.module")
	// AppStateKey is "goflow.app.state": where the application is in its life.
	AppStateKey = attribute.Key("goflow.app.state")
	// BreakerNameKey is "goflow.breaker.name": the name the breaker was made with.
	BreakerNameKey = attribute.Key("goflow.breaker.name")
	// BreakerOutcomeKey is "goflow.breaker.outcome": what became of a call.
	BreakerOutcomeKey = attribute.Key("goflow.breaker.outcome")
	// BreakerReasonKey is "goflow.breaker.reason": why the breaker changed state.
	BreakerReasonKey = attribute.Key("goflow.breaker.reason")
	// BreakerStateKey is "goflow.breaker.state": a state of the breaker.
	BreakerStateKey = attribute.Key("goflow.breaker.state")
	// BreakerWindowCallsKey is "goflow.breaker.window.calls": calls in the window just before the change. On events only.
	BreakerWindowCallsKey = attribute.Key("goflow.breaker.window.calls")
	// BreakerWindowFailuresKey is "goflow.breaker.window.failures": failures in the window just before the change. On events only.
	BreakerWindowFailuresKey = attribute.Key("goflow.breaker.window.failures")
	// BreakerWindowSlowKey is "goflow.breaker.window.slow": slow calls in the window just before the change. On events only.
	BreakerWindowSlowKey = attribute.Key("goflow.breaker.window.slow")
	// ChainNameKey is "goflow.chain.name": the name the chain was made with.
	ChainNameKey = attribute.Key("goflow.chain.name")
	// ChainOutcomeKey is "goflow.chain.outcome": what became of a step.
	ChainOutcomeKey = attribute.Key("goflow.chain.outcome")
	// ChainStepKey is "goflow.chain.step": the name of a step.
	ChainStepKey = attribute.Key("goflow.chain.step")
	// ConsoleActionKey is "goflow.console.action": what the operator did. On events only.
	ConsoleActionKey = attribute.Key("goflow.console.action")
	// ConsoleArgumentsKey is "goflow.console.arguments": with what, as JSON. On events only.
	ConsoleArgumentsKey = attribute.Key("goflow.console.arguments")
	// ConsoleEngineKindKey is "goflow.console.engine.kind": the kind of the engine an operator acted on.
	ConsoleEngineKindKey = attribute.Key("goflow.console.engine.kind")
	// ConsoleEngineNameKey is "goflow.console.engine.name": the name of the engine an operator acted on. On events only.
	ConsoleEngineNameKey = attribute.Key("goflow.console.engine.name")
	// ConsoleNameKey is "goflow.console.name": the name the console was made with.
	ConsoleNameKey = attribute.Key("goflow.console.name")
	// ConsoleOutcomeKey is "goflow.console.outcome": what became of a request.
	ConsoleOutcomeKey = attribute.Key("goflow.console.outcome")
	// ConsoleResultKey is "goflow.console.result": what has changed, for people. On events only.
	ConsoleResultKey = attribute.Key("goflow.console.result")
	// ConsumerNameKey is "goflow.consumer.name": the name the consumer was made with.
	ConsumerNameKey = attribute.Key("goflow.consumer.name")
	// ConsumerOutcomeKey is "goflow.consumer.outcome": what became of a message.
	ConsumerOutcomeKey = attribute.Key("goflow.consumer.outcome")
	// ConsumerStateKey is "goflow.consumer.state": what a consumer does after a change.
	ConsumerStateKey = attribute.Key("goflow.consumer.state")
	// CoordinationFallbackKey is "goflow.coordination.fallback": what decides when Redis cannot be asked.
	CoordinationFallbackKey = attribute.Key("goflow.coordination.fallback")
	// CoordinationInstancesKey is "goflow.coordination.instances": how many processes share. On events only.
	CoordinationInstancesKey = attribute.Key("goflow.coordination.instances")
	// CoordinationLeaseResultKey is "goflow.coordination.lease.result": what became of leased permits.
	CoordinationLeaseResultKey = attribute.Key("goflow.coordination.lease.result")
	// CoordinationModeKey is "goflow.coordination.mode": who decides.
	CoordinationModeKey = attribute.Key("goflow.coordination.mode")
	// CoordinationNameKey is "goflow.coordination.name": the name the coordinator was made with.
	CoordinationNameKey = attribute.Key("goflow.coordination.name")
	// CoordinationResultKey is "goflow.coordination.result": what became of a round trip to Redis.
	CoordinationResultKey = attribute.Key("goflow.coordination.result")
	// CoordinationSettingKey is "goflow.coordination.setting": a setting of the client that coordination would rather have otherwise.
	CoordinationSettingKey = attribute.Key("goflow.coordination.setting")
	// ErrorTypeKey is "error.type": the class of the failure, from core.ErrorType's closed set. Absent on success.
	ErrorTypeKey = attribute.Key("error.type")
	// ExceptionMessageKey is "exception.message": what panic was called with.
	ExceptionMessageKey = attribute.Key("exception.message")
	// ExceptionStacktraceKey is "exception.stacktrace": the stack at the panic.
	ExceptionStacktraceKey = attribute.Key("exception.stacktrace")
	// FallbackNameKey is "goflow.fallback.name": the name the fallback was made with.
	FallbackNameKey = attribute.Key("goflow.fallback.name")
	// FallbackOutcomeKey is "goflow.fallback.outcome": what became of a call.
	FallbackOutcomeKey = attribute.Key("goflow.fallback.outcome")
	// HealthCheckKey is "goflow.health.check": the name of the check.
	HealthCheckKey = attribute.Key("goflow.health.check")
	// HealthGroupKey is "goflow.health.group": which probe the check is for.
	HealthGroupKey = attribute.Key("goflow.health.group")
	// HealthNameKey is "goflow.health.name": the name the watch of the registry, or its webhook, was made with.
	HealthNameKey = attribute.Key("goflow.health.name")
	// HealthOutcomeKey is "goflow.health.outcome": what became of a notification.
	HealthOutcomeKey = attribute.Key("goflow.health.outcome")
	// HealthStateKey is "goflow.health.state": where the process is in its life.
	HealthStateKey = attribute.Key("goflow.health.state")
	// HealthStatusKey is "goflow.health.status": what a check, or one run of it, found.
	HealthStatusKey = attribute.Key("goflow.health.status")
	// HedgeNameKey is "goflow.hedge.name": the name the hedge was made with.
	HedgeNameKey = attribute.Key("goflow.hedge.name")
	// HedgeOutcomeKey is "goflow.hedge.outcome": what became of an extra run that was due.
	HedgeOutcomeKey = attribute.Key("goflow.hedge.outcome")
	// HedgeResultKey is "goflow.hedge.result": what became of a call.
	HedgeResultKey = attribute.Key("goflow.hedge.result")
	// HedgeRunKey is "goflow.hedge.run": which run it was, from 2. On spans only.
	HedgeRunKey = attribute.Key("goflow.hedge.run")
	// JobMissedKey is "goflow.job.missed": how many runs were given up; 1000 means at least so many. On events only.
	JobMissedKey = attribute.Key("goflow.job.missed")
	// JobNameKey is "goflow.job.name": the name the job was scheduled under. Jobs beyond the scheduler's bound of reported names share "_other".
	JobNameKey = attribute.Key("goflow.job.name")
	// JobOutcomeKey is "goflow.job.outcome": what became of a run.
	JobOutcomeKey = attribute.Key("goflow.job.outcome")
	// JobScheduledTimeKey is "goflow.job.scheduled_time": when the run was due, as RFC 3339. On spans and events only.
	JobScheduledTimeKey = attribute.Key("goflow.job.scheduled_time")
	// JobStartLatenessKey is "goflow.job.start.lateness": seconds from when the run was due to when it started. On spans only.
	JobStartLatenessKey = attribute.Key("goflow.job.start.lateness")
	// LeaseEndKey is "goflow.lease.end": why a lease ended.
	LeaseEndKey = attribute.Key("goflow.lease.end")
	// LeaseKeyKey is "goflow.lease.key": what the lease is on. On spans only, and only when the locker was told to show it.
	LeaseKeyKey = attribute.Key("goflow.lease.key")
	// LeaseNameKey is "goflow.lease.name": the name the locker or the elector was made with.
	LeaseNameKey = attribute.Key("goflow.lease.name")
	// LeaseOutcomeKey is "goflow.lease.outcome": what became of a request for a lease.
	LeaseOutcomeKey = attribute.Key("goflow.lease.outcome")
	// LeaseRenewalKey is "goflow.lease.renewal": what became of a renewal.
	LeaseRenewalKey = attribute.Key("goflow.lease.renewal")
	// LeaseStateKey is "goflow.lease.state": what an elector does after a change.
	LeaseStateKey = attribute.Key("goflow.lease.state")
	// LeaseTokenKey is "goflow.lease.token": the fencing token of the lease. On spans and events only.
	LeaseTokenKey = attribute.Key("goflow.lease.token")
	// LimiterAlgorithmKey is "goflow.limiter.algorithm": how the limiter decides.
	LimiterAlgorithmKey = attribute.Key("goflow.limiter.algorithm")
	// LimiterBurstKey is "goflow.limiter.burst": the burst after a change.
	LimiterBurstKey = attribute.Key("goflow.limiter.burst")
	// LimiterHeldKey is "goflow.limiter.held": how many permits were held when more were released.
	LimiterHeldKey = attribute.Key("goflow.limiter.held")
	// LimiterKeyKey is "goflow.limiter.key": the key of a keyed limiter. On spans only, and only when the limiter was told to show it.
	LimiterKeyKey = attribute.Key("goflow.limiter.key")
	// LimiterLimitKey is "goflow.limiter.limit": the limit of a concurrency limiter after a change.
	LimiterLimitKey = attribute.Key("goflow.limiter.limit")
	// LimiterNameKey is "goflow.limiter.name": the name the limiter was made with.
	LimiterNameKey = attribute.Key("goflow.limiter.name")
	// LimiterOutcomeKey is "goflow.limiter.outcome": what the limiter decided.
	LimiterOutcomeKey = attribute.Key("goflow.limiter.outcome")
	// LimiterOverloadReasonKey is "goflow.limiter.overload.reason": which limit the runtime was nearest to.
	LimiterOverloadReasonKey = attribute.Key("goflow.limiter.overload.reason")
	// LimiterOverloadStateKey is "goflow.limiter.overload.state": what an overload limiter does.
	LimiterOverloadStateKey = attribute.Key("goflow.limiter.overload.state")
	// LimiterPermitsKey is "goflow.limiter.permits": how many permits were asked for. On spans only.
	LimiterPermitsKey = attribute.Key("goflow.limiter.permits")
	// LimiterRateKey is "goflow.limiter.rate": the rate after a change.
	LimiterRateKey = attribute.Key("goflow.limiter.rate")
	// LimiterRetryAfterKey is "goflow.limiter.retry_after": seconds until the same request would be permitted. On spans of denied decisions only.
	LimiterRetryAfterKey = attribute.Key("goflow.limiter.retry_after")
	// NetworkPeerAddressKey is "network.peer.address": the address of who is at the other end of the connection.
	NetworkPeerAddressKey = attribute.Key("network.peer.address")
	// PipelineNameKey is "goflow.pipeline.name": the name the pipeline was made with.
	PipelineNameKey = attribute.Key("goflow.pipeline.name")
	// PipelineOutcomeKey is "goflow.pipeline.outcome": what became of an item.
	PipelineOutcomeKey = attribute.Key("goflow.pipeline.outcome")
	// PoolNameKey is "goflow.pool.name": the name the pool was made with.
	PoolNameKey = attribute.Key("goflow.pool.name")
	// PoolOutcomeKey is "goflow.pool.outcome": what became of a task.
	PoolOutcomeKey = attribute.Key("goflow.pool.outcome")
	// PoolTaskWaitKey is "goflow.pool.task.wait": seconds the task waited in the queue. On spans only.
	PoolTaskWaitKey = attribute.Key("goflow.pool.task.wait")
	// PoolWorkerStateKey is "goflow.pool.worker.state": what a worker does.
	PoolWorkerStateKey = attribute.Key("goflow.pool.worker.state")
	// ProducerMessagesKey is "goflow.producer.messages": how many messages were to be added together. On spans only.
	ProducerMessagesKey = attribute.Key("goflow.producer.messages")
	// ProducerNameKey is "goflow.producer.name": the name the producer was made with.
	ProducerNameKey = attribute.Key("goflow.producer.name")
	// ProducerOutcomeKey is "goflow.producer.outcome": what became of a message.
	ProducerOutcomeKey = attribute.Key("goflow.producer.outcome")
	// RegionLinkKey is "goflow.region.link": whether another region answers. On events only.
	RegionLinkKey = attribute.Key("goflow.region.link")
	// RegionModeKey is "goflow.region.mode": what a region has of the limit.
	RegionModeKey = attribute.Key("goflow.region.mode")
	// RegionNameKey is "goflow.region.name": the region a process is in.
	RegionNameKey = attribute.Key("goflow.region.name")
	// RegionPeerKey is "goflow.region.peer": another region. On events only.
	RegionPeerKey = attribute.Key("goflow.region.peer")
	// RetryAttemptKey is "goflow.retry.attempt": which attempt it was, from 1. On spans only.
	RetryAttemptKey = attribute.Key("goflow.retry.attempt")
	// RetryNameKey is "goflow.retry.name": the name the retry was made with.
	RetryNameKey = attribute.Key("goflow.retry.name")
	// RetryOutcomeKey is "goflow.retry.outcome": what became of an attempt.
	RetryOutcomeKey = attribute.Key("goflow.retry.outcome")
	// RetryResultKey is "goflow.retry.result": what became of a call.
	RetryResultKey = attribute.Key("goflow.retry.result")
	// SchedulerClockStepKey is "goflow.scheduler.clock.step": by how many seconds the wall clock left the monotonic one. On events only.
	SchedulerClockStepKey = attribute.Key("goflow.scheduler.clock.step")
	// SchedulerNameKey is "goflow.scheduler.name": the name the scheduler was made with.
	SchedulerNameKey = attribute.Key("goflow.scheduler.name")
	// SpillDamagedBytesKey is "goflow.spill.damaged.bytes": how many bytes were no records. On events only.
	SpillDamagedBytesKey = attribute.Key("goflow.spill.damaged.bytes")
	// SpillDiskStateKey is "goflow.spill.disk.state": how the disk is.
	SpillDiskStateKey = attribute.Key("goflow.spill.disk.state")
	// SpillNameKey is "goflow.spill.name": the name the queue was opened with.
	SpillNameKey = attribute.Key("goflow.spill.name")
	// SpillOutcomeKey is "goflow.spill.outcome": what became of a record.
	SpillOutcomeKey = attribute.Key("goflow.spill.outcome")
	// SpillRecordCountKey is "goflow.spill.record.count": how many records it was about. On spans and events only.
	SpillRecordCountKey = attribute.Key("goflow.spill.record.count")
	// StreamItemsKey is "goflow.stream.items": how many items came to the end of the stream, or are in the batch. On spans only.
	StreamItemsKey = attribute.Key("goflow.stream.items")
	// StreamNameKey is "goflow.stream.name": the name the stream was given.
	StreamNameKey = attribute.Key("goflow.stream.name")
	// StreamOutcomeKey is "goflow.stream.outcome": what became of an item.
	StreamOutcomeKey = attribute.Key("goflow.stream.outcome")
	// StreamStageKey is "goflow.stream.stage": the step of the stream: the name it was given, or what it does.
	StreamStageKey = attribute.Key("goflow.stream.stage")
	// TimeoutNameKey is "goflow.timeout.name": the name the timeout was made with.
	TimeoutNameKey = attribute.Key("goflow.timeout.name")
	// TimeoutOutcomeKey is "goflow.timeout.outcome": what became of a call.
	TimeoutOutcomeKey = attribute.Key("goflow.timeout.outcome")
	// WriterNameKey is "goflow.writer.name": the name the writer was made with.
	WriterNameKey = attribute.Key("goflow.writer.name")
	// WriterOutcomeKey is "goflow.writer.outcome": what became of a write.
	WriterOutcomeKey = attribute.Key("goflow.writer.outcome")
	// WriterStateKey is "goflow.writer.state": what the sink does since a change.
	WriterStateKey = attribute.Key("goflow.writer.state")
)

// Values of goflow.app.state.
const (
	AppStateStarting = "starting" // hooks are starting
	AppStateReady    = "ready"    // every start hook has ended
	AppStateDraining = "draining" // stopping has begun; new work is sent elsewhere
)

// Values of goflow.breaker.outcome.
const (
	BreakerOutcomeSuccess  = "success"  // the call succeeded
	BreakerOutcomeFailure  = "failure"  // the call failed
	BreakerOutcomeIgnored  = "ignored"  // the call ended in a way that says nothing: cancelled, rejected further in, invalid
	BreakerOutcomeRejected = "rejected" // the call was not let through
	BreakerOutcomeStale    = "stale"    // the call ended after the breaker had changed state
)

// Values of goflow.breaker.reason.
const (
	BreakerReasonFailureRate     = "failure_rate"     // too large a share of calls failed
	BreakerReasonSlowRate        = "slow_rate"        // too large a share of calls was slow
	BreakerReasonConsecutive     = "consecutive"      // too many calls failed in a row
	BreakerReasonWaited          = "waited"           // it had been open for long enough
	BreakerReasonProbeFailed     = "probe_failed"     // a probe failed or was slow
	BreakerReasonProbesSucceeded = "probes_succeeded" // enough probes succeeded
	BreakerReasonForced          = "forced"           // an operator forced it
	BreakerReasonReset           = "reset"            // an operator reset it
)

// Values of goflow.breaker.state.
const (
	BreakerStateClosed   = "closed"    // calls pass
	BreakerStateOpen     = "open"      // calls are rejected
	BreakerStateHalfOpen = "half_open" // a few calls pass to probe
)

// Values of goflow.chain.outcome.
const (
	ChainOutcomeSuccess    = "success"     // the step succeeded
	ChainOutcomeFailure    = "failure"     // the step failed, after all its attempts
	ChainOutcomeRetried    = "retried"     // an attempt of the step failed and was tried again
	ChainOutcomeUndone     = "undone"      // the step was undone
	ChainOutcomeUndoFailed = "undo_failed" // the step could not be undone
)

// Values of goflow.console.outcome.
const (
	ConsoleOutcomeDone    = "done"    // it was done
	ConsoleOutcomeFailed  = "failed"  // the engine could not do it
	ConsoleOutcomeRefused = "refused" // who asked has no token, or is another site
)

// Values of goflow.consumer.outcome.
const (
	ConsumerOutcomeReceived     = "received"      // given for the first time
	ConsumerOutcomeAgain        = "again"         // given to this consumer before, and not acknowledged
	ConsumerOutcomeClaimed      = "claimed"       // taken over from a consumer that is dead or slow
	ConsumerOutcomeAcknowledged = "acknowledged"  // acknowledged
	ConsumerOutcomeDeadLettered = "dead_lettered" // moved to the stream of dead letters
)

// Values of goflow.consumer.state.
const (
	ConsumerStateReading = "reading" // the server answers
	ConsumerStatePaused  = "paused"  // the server does not answer, and is asked again
)

// Values of goflow.coordination.fallback.
const (
	CoordinationFallbackLocal  = "local"  // each process decides alone, with its share of the limit
	CoordinationFallbackClosed = "closed" // callers get an error
	CoordinationFallbackOpen   = "open"   // all is let through
)

// Values of goflow.coordination.lease.result.
const (
	CoordinationLeaseResultGranted  = "granted"  // taken from Redis, to be given out by the process alone
	CoordinationLeaseResultReturned = "returned" // given back unused
	CoordinationLeaseResultExpired  = "expired"  // neither used nor given back in time
)

// Values of goflow.coordination.mode.
const (
	CoordinationModeCoordinated = "coordinated" // redis decides
	CoordinationModeDegraded    = "degraded"    // redis cannot be asked, and what was configured for that decides
)

// Values of goflow.coordination.result.
const (
	CoordinationResultAnswered  = "answered"  // redis answered
	CoordinationResultNotRun    = "not_run"   // it surely did not run: no connection, or the server said not now
	CoordinationResultUnknown   = "unknown"   // no answer came, so it may have run. It is never sent again
	CoordinationResultRefused   = "refused"   // the answer was no use: a wrong type, no permission, a shape no script gives
	CoordinationResultAbandoned = "abandoned" // the caller gave up
)

// Values of goflow.fallback.outcome.
const (
	FallbackOutcomeSuccess        = "success"         // the task succeeded
	FallbackOutcomeFailure        = "failure"         // the task failed, and its error is not one to fall back on
	FallbackOutcomeFallback       = "fallback"        // the fallback succeeded in its place
	FallbackOutcomeFallbackFailed = "fallback_failed" // the fallback failed too
)

// Values of goflow.health.group.
const (
	HealthGroupReadiness = "readiness" // traffic may be sent here
	HealthGroupLiveness  = "liveness"  // the process need not be restarted
	HealthGroupStartup   = "startup"   // it has started
)

// Values of goflow.health.outcome.
const (
	HealthOutcomeSent    = "sent"    // the receiver took it
	HealthOutcomeFailed  = "failed"  // the receiver did not answer, or not now; it is sent again
	HealthOutcomeRefused = "refused" // the receiver will not have it
)

// Values of goflow.health.state.
const (
	HealthStateStarting = "starting" // not everything has started
	HealthStateReady    = "ready"    // takes traffic
	HealthStateDraining = "draining" // finishes what it has
	HealthStateStopped  = "stopped"  // done
)

// Values of goflow.health.status.
const (
	HealthStatusPending  = "pending"  // has not run yet
	HealthStatusUp       = "up"       // works
	HealthStatusDegraded = "degraded" // works, but worse than it should
	HealthStatusDown     = "down"     // does not work
)

// Values of goflow.hedge.outcome.
const (
	HedgeOutcomeStarted    = "started"     // an extra run was started
	HedgeOutcomeOverBudget = "over_budget" // extra runs had used up their share of calls
)

// Values of goflow.hedge.result.
const (
	HedgeResultFirst   = "first"   // the first run succeeded first
	HedgeResultExtra   = "extra"   // an extra run succeeded first
	HedgeResultFailure = "failure" // no run succeeded
)

// Values of goflow.job.outcome.
const (
	JobOutcomeSuccess   = "success"   // the run succeeded
	JobOutcomeFailure   = "failure"   // the run failed or panicked
	JobOutcomeSkipped   = "skipped"   // the run was not to be: the one before still ran, or a policy said not now
	JobOutcomeMissed    = "missed"    // the time of the run had passed, and the misfire rule gave it up
	JobOutcomeCancelled = "cancelled" // the run was told to end before it was done
)

// Values of goflow.lease.end.
const (
	LeaseEndReleased  = "released"  // the holder gave it back
	LeaseEndLost      = "lost"      // the store gave it up before its time was over
	LeaseEndExpired   = "expired"   // it was not renewed in time
	LeaseEndAbandoned = "abandoned" // the holder gave it back, but could not tell the store
)

// Values of goflow.lease.outcome.
const (
	LeaseOutcomeGranted   = "granted"   // the lease was given
	LeaseOutcomeHeld      = "held"      // another held the key, or too many waited for it
	LeaseOutcomeDone      = "done"      // the key was marked as done: nobody gets it
	LeaseOutcomeFailed    = "failed"    // the store failed
	LeaseOutcomeCancelled = "cancelled" // the caller gave up waiting
)

// Values of goflow.lease.renewal.
const (
	LeaseRenewalRenewed = "renewed" // the lease was extended
	LeaseRenewalRefused = "refused" // the lease was another's already
	LeaseRenewalFailed  = "failed"  // the store failed
)

// Values of goflow.lease.state.
const (
	LeaseStateLeading   = "leading"   // the elector leads
	LeaseStateFollowing = "following" // the elector does not lead
)

// Values of goflow.limiter.algorithm.
const (
	LimiterAlgorithmTokenBucket   = "token_bucket"   // token bucket (GCRA)
	LimiterAlgorithmLeakyBucket   = "leaky_bucket"   // leaky bucket: permits leave one at a time
	LimiterAlgorithmFixedWindow   = "fixed_window"   // a count in each window of the clock
	LimiterAlgorithmSlidingWindow = "sliding_window" // a count, and a share of the count in the window before
	LimiterAlgorithmSlidingLog    = "sliding_log"    // the times of the latest permits
	LimiterAlgorithmConcurrency   = "concurrency"    // permits held at the same time
	LimiterAlgorithmAdaptive      = "adaptive"       // permits held at the same time, as many as measured latency allows
	LimiterAlgorithmAll           = "all"            // permits of several limiters, or none
	LimiterAlgorithmAny           = "any"            // permits of the first of several limiters that has them
	LimiterAlgorithmShadow        = "shadow"         // what another limiter says, but it lets all through
	LimiterAlgorithmThrottle      = "throttle"       // a client's own share of rejections, from how many the backend rejects
	LimiterAlgorithmOverload      = "overload"       // what the Go runtime has room for: the less it matters, the sooner it is refused
)

// Values of goflow.limiter.outcome.
const (
	LimiterOutcomeAllowed   = "allowed"   // permitted at once
	LimiterOutcomeDenied    = "denied"    // not permitted
	LimiterOutcomeDelayed   = "delayed"   // permitted for a later time
	LimiterOutcomeShadowed  = "shadowed"  // let through, though the limiter being tried out denied it
	LimiterOutcomeCancelled = "cancelled" // given back: a reservation was cancelled, or a waiter's context ended
)

// Values of goflow.limiter.overload.reason.
const (
	LimiterOverloadReasonSchedLatency = "sched_latency" // goroutines wait too long for a processor
	LimiterOverloadReasonMemory       = "memory"        // too much of GOMEMLIMIT is in use
	LimiterOverloadReasonGoroutines   = "goroutines"    // there are too many goroutines
)

// Values of goflow.limiter.overload.state.
const (
	LimiterOverloadStateNone     = "none"     // nothing is refused
	LimiterOverloadStateShedding = "shedding" // what matters less is refused, in part or all of it
	LimiterOverloadStateClosed   = "closed"   // everything is refused: a hard limit is reached
)

// Values of goflow.pipeline.outcome.
const (
	PipelineOutcomeCompleted = "completed" // the item went through all stages
	PipelineOutcomeFailed    = "failed"    // a stage failed the item, or its caller gave up
)

// Values of goflow.pool.outcome.
const (
	PoolOutcomeCompleted = "completed" // the task succeeded
	PoolOutcomeFailed    = "failed"    // the task returned an error
	PoolOutcomePanicked  = "panicked"  // the task panicked or ended its goroutine
	PoolOutcomeCancelled = "cancelled" // its caller gave up before the task began
	PoolOutcomeRejected  = "rejected"  // the queue was full or the pool stopped; the task was not accepted
	PoolOutcomeDropped   = "dropped"   // the oldest task of a full queue made room for a new one
	PoolOutcomeReturned  = "returned"  // the pool stopped before the task began and handed it back
)

// Values of goflow.pool.worker.state.
const (
	PoolWorkerStateIdle = "idle" // the worker waits for a task
	PoolWorkerStateBusy = "busy" // the worker runs a task or looks for one
)

// Values of goflow.producer.outcome.
const (
	ProducerOutcomeAdded    = "added"     // the server has it
	ProducerOutcomeNotAdded = "not_added" // it surely was not added
	ProducerOutcomeUnknown  = "unknown"   // no answer came, so it may have been added
)

// Values of goflow.region.link.
const (
	RegionLinkConnected = "connected" // the other region answers
	RegionLinkCut       = "cut"       // it does not
)

// Values of goflow.region.mode.
const (
	RegionModeBalanced = "balanced" // regions lend to each other
	RegionModeStatic   = "static"   // the region has its own share: no other answers, or its own Redis does not
)

// Values of goflow.retry.outcome.
const (
	RetryOutcomeSuccess = "success" // the attempt succeeded
	RetryOutcomeFailure = "failure" // the attempt failed
)

// Values of goflow.retry.result.
const (
	RetryResultSuccess      = "success"       // the first attempt succeeded
	RetryResultRecovered    = "recovered"     // a later attempt succeeded
	RetryResultNotRetryable = "not_retryable" // the error is not one to retry
	RetryResultExhausted    = "exhausted"     // all attempts failed
	RetryResultOverBudget   = "over_budget"   // retries had used up their share of calls
	RetryResultOutOfTime    = "out_of_time"   // the next attempt would have come too late
	RetryResultCancelled    = "cancelled"     // the caller gave up
)

// Values of goflow.spill.disk.state.
const (
	SpillDiskStateOk      = "ok"      // the disk takes what is written
	SpillDiskStateFailing = "failing" // the disk is full, or fails otherwise
)

// Values of goflow.spill.outcome.
const (
	SpillOutcomePushed   = "pushed"   // the record was stored
	SpillOutcomePopped   = "popped"   // the record was taken
	SpillOutcomeAcked    = "acked"    // the record was acknowledged
	SpillOutcomeRejected = "rejected" // there was no room for the record
	SpillOutcomeFailed   = "failed"   // the record was not stored: the disk failed, or the caller gave up
	SpillOutcomeDropped  = "dropped"  // the record was dropped, not acknowledged, to make room
	SpillOutcomeLost     = "lost"     // the record was found missing or damaged
)

// Values of goflow.stream.outcome.
const (
	StreamOutcomeEmitted  = "emitted"  // handed on to the next step
	StreamOutcomeFiltered = "filtered" // left out on purpose
	StreamOutcomeDropped  = "dropped"  // lost because a buffer was full
	StreamOutcomeFailed   = "failed"   // the step's function failed, whatever was done about it
	StreamOutcomeLate     = "late"     // came after its window had been handed on, and was left out
)

// Values of goflow.timeout.outcome.
const (
	TimeoutOutcomeSuccess  = "success"   // the task succeeded
	TimeoutOutcomeFailure  = "failure"   // the task failed of itself
	TimeoutOutcomeTimedOut = "timed_out" // the task failed after this timeout had passed
)

// Values of goflow.writer.outcome.
const (
	WriterOutcomeAccepted = "accepted" // the writer took it; sooner or later it is written, dropped or lost too
	WriterOutcomeWritten  = "written"  // the sink took it
	WriterOutcomeDropped  = "dropped"  // it was accepted, and made room for newer writes
	WriterOutcomeLost     = "lost"     // it was accepted, and the sink did not take it
	WriterOutcomeRejected = "rejected" // it was not accepted
)

// Values of goflow.writer.state.
const (
	WriterStateFailing   = "failing"   // the sink has begun to fail
	WriterStateRecovered = "recovered" // the sink takes writes again
)

// Metrics.
var (
	LimiterDecisions              = Metric{Name: "goflow.limiter.decisions", Unit: "{decision}", Description: "Decisions a limiter made.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm", "goflow.limiter.outcome"}}
	LimiterPermits                = Metric{Name: "goflow.limiter.permits", Unit: "{permit}", Description: "Permits a limiter gave out, those given back left in.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterPermitUsage            = Metric{Name: "goflow.limiter.permit.usage", Unit: "{permit}", Description: "Permits of the burst in use now. Above the limit while callers wait for later permits.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterPermitLimit            = Metric{Name: "goflow.limiter.permit.limit", Unit: "{permit}", Description: "Permits a limiter can give out at once, its burst; per key for a keyed limiter.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterQueueSize              = Metric{Name: "goflow.limiter.queue.size", Unit: "{request}", Description: "Callers waiting for a permit now.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterKeyUsage               = Metric{Name: "goflow.limiter.key.usage", Unit: "{key}", Description: "Keys a keyed limiter holds now.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterKeyLimit               = Metric{Name: "goflow.limiter.key.limit", Unit: "{key}", Description: "Keys a keyed limiter may hold. Further keys share one bucket.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterOverflows              = Metric{Name: "goflow.limiter.overflows", Unit: "{decision}", Description: "Decisions of a keyed limiter made on the shared bucket, because it held its limit of keys.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterCharges                = Metric{Name: "goflow.limiter.charges", Unit: "{permit}", Description: "Permits taken without asking, for work already done.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterNearLimits             = Metric{Name: "goflow.limiter.near_limits", Unit: "{decision}", Description: "Decisions allowed at once with less than a fifth of the permits left.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterRefunds                = Metric{Name: "goflow.limiter.refunds", Unit: "{permit}", Description: "Permits given back to a limiter because they went unused.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterPressure               = Metric{Name: "goflow.limiter.pressure", Unit: "1", Description: "How near the Go runtime is to the limits of an overload limiter, smoothed: from 1 on, the limiter refuses more and more.", Instrument: Gauge, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm"}}
	LimiterWaitDuration           = Metric{Name: "goflow.limiter.wait.duration", Unit: "s", Description: "How long callers that had to wait for a permit waited.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm", "error.type"}}
	CoordinationMode              = Metric{Name: "goflow.coordination.mode", Unit: "{coordinator}", Description: "1 for the mode a coordinator is in, 0 for the other.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.coordination.name", "goflow.coordination.mode"}}
	CoordinationInstances         = Metric{Name: "goflow.coordination.instances", Unit: "{instance}", Description: "Processes that share through Redis, as this one counts them.", Instrument: Gauge, Observable: true, Attributes: []string{"goflow.coordination.name"}}
	CoordinationRoundTrips        = Metric{Name: "goflow.coordination.round_trips", Unit: "{round_trip}", Description: "Scripts sent to Redis, by what became of them.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.coordination.name", "goflow.coordination.result"}}
	CoordinationRoundTripDuration = Metric{Name: "goflow.coordination.round_trip.duration", Unit: "s", Description: "How long it took to ask Redis, tries and waits between them included.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.coordination.name", "error.type"}}
	CoordinationFallbacks         = Metric{Name: "goflow.coordination.fallbacks", Unit: "{decision}", Description: "Decisions made without Redis, by what made them.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.coordination.name", "goflow.coordination.fallback"}}
	CoordinationLeases            = Metric{Name: "goflow.coordination.leases", Unit: "{permit}", Description: "Permits that a process leased of a limit, and what became of those it did not use.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm", "goflow.coordination.lease.result"}}
	CoordinationDecisions         = Metric{Name: "goflow.coordination.decisions", Unit: "{decision}", Description: "Decisions of limits that processes share, by who made them. They are in goflow.limiter.decisions too.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm", "goflow.coordination.mode"}}
	RegionShare                   = Metric{Name: "goflow.region.share", Unit: "{permit}", Description: "What of a limit that regions share is this one's own, a second.", Instrument: Gauge, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.region.name"}}
	RegionLent                    = Metric{Name: "goflow.region.lent", Unit: "{permit}", Description: "What other regions have of this one's share, a second.", Instrument: Gauge, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.region.name"}}
	RegionBorrowed                = Metric{Name: "goflow.region.borrowed", Unit: "{permit}", Description: "What this region has of the shares of others, a second.", Instrument: Gauge, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.region.name"}}
	RegionDemand                  = Metric{Name: "goflow.region.demand", Unit: "{permit}", Description: "What this region is asked for a second, in all its processes.", Instrument: Gauge, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.region.name"}}
	RegionMode                    = Metric{Name: "goflow.region.mode", Unit: "{limiter}", Description: "1 for what a region has of the limit now, 0 for the other.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.limiter.name", "goflow.region.name", "goflow.region.mode"}}
	BreakerCalls                  = Metric{Name: "goflow.breaker.calls", Unit: "{call}", Description: "Calls to a breaker.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.breaker.name", "goflow.breaker.outcome"}}
	BreakerState                  = Metric{Name: "goflow.breaker.state", Unit: "{breaker}", Description: "1 for the state a breaker is in, 0 for the others.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.breaker.name", "goflow.breaker.state"}}
	BreakerTransitions            = Metric{Name: "goflow.breaker.transitions", Unit: "{transition}", Description: "Changes of a breaker's state, by the state entered.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.breaker.name", "goflow.breaker.state"}}
	RetryCalls                    = Metric{Name: "goflow.retry.calls", Unit: "{call}", Description: "Calls under a retry that have ended.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.retry.name", "goflow.retry.result"}}
	RetryAttempts                 = Metric{Name: "goflow.retry.attempts", Unit: "{attempt}", Description: "Attempts of calls under a retry.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.retry.name", "goflow.retry.outcome"}}
	HedgeCalls                    = Metric{Name: "goflow.hedge.calls", Unit: "{call}", Description: "Calls under a hedge that have ended.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.hedge.name", "goflow.hedge.result"}}
	HedgeRuns                     = Metric{Name: "goflow.hedge.runs", Unit: "{run}", Description: "Extra runs that were due.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.hedge.name", "goflow.hedge.outcome"}}
	TimeoutCalls                  = Metric{Name: "goflow.timeout.calls", Unit: "{call}", Description: "Calls under a timeout that have ended.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.timeout.name", "goflow.timeout.outcome"}}
	FallbackCalls                 = Metric{Name: "goflow.fallback.calls", Unit: "{call}", Description: "Calls under a fallback that have ended.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.fallback.name", "goflow.fallback.outcome"}}
	JobRuns                       = Metric{Name: "goflow.job.runs", Unit: "{run}", Description: "Runs of a job that were due.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.job.name", "goflow.job.outcome"}}
	JobRunActive                  = Metric{Name: "goflow.job.run.active", Unit: "{run}", Description: "Runs of a job under way now.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.job.name"}}
	JobRunDuration                = Metric{Name: "goflow.job.run.duration", Unit: "s", Description: "How long the runs of a job took; of more than 1000 that are due at once, of one in 64.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.job.name", "error.type"}}
	JobStartDelay                 = Metric{Name: "goflow.job.start.delay", Unit: "s", Description: "How long after they were due the runs of a job started; of more than 1000 that are due at once, of one in 64.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.job.name"}}
	SchedulerJobPending           = Metric{Name: "goflow.scheduler.job.pending", Unit: "{job}", Description: "Named jobs of a scheduler that will run again.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.scheduler.name"}}
	SchedulerTimerPending         = Metric{Name: "goflow.scheduler.timer.pending", Unit: "{timer}", Description: "Tasks a scheduler runs once, later, and has not started yet.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.scheduler.name"}}
	PoolTasks                     = Metric{Name: "goflow.pool.tasks", Unit: "{task}", Description: "Tasks given to a pool.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.pool.name", "goflow.pool.outcome"}}
	PoolTaskDuration              = Metric{Name: "goflow.pool.task.duration", Unit: "s", Description: "How long tasks took; of pools that run more than 50,000 a second, of one task in 64.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.pool.name", "error.type"}}
	PoolTaskWaitDuration          = Metric{Name: "goflow.pool.task.wait.duration", Unit: "s", Description: "How long tasks waited in the queue; of pools that run more than 50,000 a second, of one task in 64.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.pool.name"}}
	PoolQueueSize                 = Metric{Name: "goflow.pool.queue.size", Unit: "{task}", Description: "Tasks waiting in the queue now.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.pool.name"}}
	PoolQueueCapacity             = Metric{Name: "goflow.pool.queue.capacity", Unit: "{task}", Description: "Tasks the queue has room for.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.pool.name"}}
	PoolWorkerActive              = Metric{Name: "goflow.pool.worker.active", Unit: "{worker}", Description: "Workers there are now.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.pool.name", "goflow.pool.worker.state"}}
	PoolWorkerLimit               = Metric{Name: "goflow.pool.worker.limit", Unit: "{worker}", Description: "Workers there may be.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.pool.name"}}
	PoolWorkerUtilization         = Metric{Name: "goflow.pool.worker.utilization", Unit: "1", Description: "The share of the workers there may be that are busy now.", Instrument: Gauge, Observable: true, Attributes: []string{"goflow.pool.name"}}
	ChainSteps                    = Metric{Name: "goflow.chain.steps", Unit: "{step}", Description: "Steps a chain has run or undone.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.chain.name", "goflow.chain.step", "goflow.chain.outcome"}}
	PipelineItems                 = Metric{Name: "goflow.pipeline.items", Unit: "{item}", Description: "Items that have left a pipeline.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.pipeline.name", "goflow.pipeline.outcome"}}
	PipelineItemActive            = Metric{Name: "goflow.pipeline.item.active", Unit: "{item}", Description: "Items inside a pipeline now.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.pipeline.name"}}
	PipelineItemDuration          = Metric{Name: "goflow.pipeline.item.duration", Unit: "s", Description: "How long items took from end to end.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.pipeline.name", "error.type"}}
	LeaseAcquisitions             = Metric{Name: "goflow.lease.acquisitions", Unit: "{acquisition}", Description: "Requests for a lease.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.lease.name", "goflow.lease.outcome"}}
	LeaseEnds                     = Metric{Name: "goflow.lease.ends", Unit: "{lease}", Description: "Leases that have ended.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.lease.name", "goflow.lease.end"}}
	LeaseRenewals                 = Metric{Name: "goflow.lease.renewals", Unit: "{renewal}", Description: "Requests to extend a lease.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.lease.name", "goflow.lease.renewal"}}
	LeaseActive                   = Metric{Name: "goflow.lease.active", Unit: "{lease}", Description: "Leases held now.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.lease.name"}}
	LeaseQueueSize                = Metric{Name: "goflow.lease.queue.size", Unit: "{waiter}", Description: "Callers waiting for a lease now.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.lease.name"}}
	LeaseWaitDuration             = Metric{Name: "goflow.lease.wait.duration", Unit: "s", Description: "How long callers waited that did not get their lease at once.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.lease.name", "error.type"}}
	LeaseHoldDuration             = Metric{Name: "goflow.lease.hold.duration", Unit: "s", Description: "How long leases were held.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.lease.name", "error.type"}}
	LeaseTerms                    = Metric{Name: "goflow.lease.terms", Unit: "{term}", Description: "Terms of leadership that have begun in this instance.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.lease.name"}}
	LeaseTermActive               = Metric{Name: "goflow.lease.term.active", Unit: "{term}", Description: "1 while this instance leads. The sum over all instances is 1, or 0 between terms.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.lease.name"}}
	WriterWrites                  = Metric{Name: "goflow.writer.writes", Unit: "{write}", Description: "Writes given to a writer.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.writer.name", "goflow.writer.outcome"}}
	WriterIo                      = Metric{Name: "goflow.writer.io", Unit: "By", Description: "Bytes given to a writer.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.writer.name", "goflow.writer.outcome"}}
	WriterBufferUsage             = Metric{Name: "goflow.writer.buffer.usage", Unit: "By", Description: "Bytes in memory that the sink has not taken yet.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.writer.name"}}
	WriterBufferCapacity          = Metric{Name: "goflow.writer.buffer.capacity", Unit: "By", Description: "Bytes the buffers have room for; writes larger than a buffer are kept besides.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.writer.name"}}
	WriterFlushDuration           = Metric{Name: "goflow.writer.flush.duration", Unit: "s", Description: "How long the sink took for a buffer, the retries of the writer's policy included.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.writer.name", "error.type"}}
	SpillRecords                  = Metric{Name: "goflow.spill.records", Unit: "{record}", Description: "What became of the records of a disk queue.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.spill.name", "goflow.spill.outcome"}}
	SpillDamage                   = Metric{Name: "goflow.spill.damage", Unit: "By", Description: "Bytes of a disk queue that were passed over because they were no records.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.spill.name"}}
	SpillRecordPending            = Metric{Name: "goflow.spill.record.pending", Unit: "{record}", Description: "Records that are not acknowledged now.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.spill.name"}}
	SpillRecordAge                = Metric{Name: "goflow.spill.record.age", Unit: "s", Description: "How long ago the oldest record was pushed that is not acknowledged now.", Instrument: Gauge, Observable: true, Attributes: []string{"goflow.spill.name"}}
	SpillSize                     = Metric{Name: "goflow.spill.size", Unit: "By", Description: "The size of all segments now.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.spill.name"}}
	SpillCapacity                 = Metric{Name: "goflow.spill.capacity", Unit: "By", Description: "What the size of all segments may be.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.spill.name"}}
	SpillSyncDuration             = Metric{Name: "goflow.spill.sync.duration", Unit: "s", Description: "How long it took to make records, or the cursor, last on disk.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.spill.name", "error.type"}}
	HealthCheckStatus             = Metric{Name: "goflow.health.check.status", Unit: "{check}", Description: "1 for the status a check has, 0 for the others.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.health.name", "goflow.health.check", "goflow.health.group", "goflow.health.status"}}
	HealthCheckDuration           = Metric{Name: "goflow.health.check.duration", Unit: "s", Description: "How long runs of a check took, at most its timeout, by what they found.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.health.name", "goflow.health.check", "goflow.health.group", "goflow.health.status"}}
	HealthTransitions             = Metric{Name: "goflow.health.transitions", Unit: "{transition}", Description: "Changes of a check's status, by the new one.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.health.name", "goflow.health.check", "goflow.health.group", "goflow.health.status"}}
	HealthState                   = Metric{Name: "goflow.health.state", Unit: "{process}", Description: "1 for the state the process is in, 0 for the others.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.health.name", "goflow.health.state"}}
	HealthNotifications           = Metric{Name: "goflow.health.notifications", Unit: "{request}", Description: "Requests of a webhook, by what became of them.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.health.name", "goflow.health.outcome"}}
	StreamItems                   = Metric{Name: "goflow.stream.items", Unit: "{item}", Description: "Items that came to a step of a stream.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.stream.name", "goflow.stream.stage", "goflow.stream.outcome"}}
	StreamBufferSize              = Metric{Name: "goflow.stream.buffer.size", Unit: "{item}", Description: "Items the buffer of a stream holds now.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.stream.name", "goflow.stream.stage"}}
	StreamBufferCapacity          = Metric{Name: "goflow.stream.buffer.capacity", Unit: "{item}", Description: "Items the buffer of a stream has room for.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.stream.name", "goflow.stream.stage"}}
	StreamBlockedTime             = Metric{Name: "goflow.stream.blocked.time", Unit: "s", Description: "How long a step of a stream made those above it wait for room: a step that others hand over to from a goroutine of their own.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.stream.name", "goflow.stream.stage"}}
	StreamIdleTime                = Metric{Name: "goflow.stream.idle.time", Unit: "s", Description: "How long a step of a stream that is handed items from another goroutine waited for them; of a parallel step, all its workers.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.stream.name", "goflow.stream.stage"}}
	StreamBusyTime                = Metric{Name: "goflow.stream.busy.time", Unit: "s", Description: "How long the workers of a parallel step of a stream worked, all of them together.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.stream.name", "goflow.stream.stage"}}
	StreamBatchSize               = Metric{Name: "goflow.stream.batch.size", Unit: "{item}", Description: "How many items the batches of a stream had.", Instrument: Histogram, Boundaries: items, Attributes: []string{"goflow.stream.name", "goflow.stream.stage"}}
	StreamBatchDuration           = Metric{Name: "goflow.stream.batch.duration", Unit: "s", Description: "How long the batches of a stream were open, from their first item until they were handed on.", Instrument: Histogram, Boundaries: seconds, Attributes: []string{"goflow.stream.name", "goflow.stream.stage"}}
	StreamWatermarkDelay          = Metric{Name: "goflow.stream.watermark.delay", Unit: "s", Description: "How far the time up to which a step of a stream has handed its windows on is behind the clock now.", Instrument: Gauge, Observable: true, Attributes: []string{"goflow.stream.name", "goflow.stream.stage"}}
	ConsumerMessages              = Metric{Name: "goflow.consumer.messages", Unit: "{message}", Description: "Messages of a consumer, by what became of them.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.consumer.name", "goflow.consumer.outcome"}}
	ConsumerMessageActive         = Metric{Name: "goflow.consumer.message.active", Unit: "{message}", Description: "Messages given to this process and not acknowledged yet.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.consumer.name"}}
	ConsumerFailures              = Metric{Name: "goflow.consumer.failures", Unit: "{request}", Description: "Requests of a consumer that the server did not answer, or refused.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.consumer.name"}}
	ConsumerPaused                = Metric{Name: "goflow.consumer.paused", Unit: "{consumer}", Description: "1 while a consumer waits for a server that does not answer.", Instrument: UpDownCounter, Observable: true, Attributes: []string{"goflow.consumer.name"}}
	ConsumerGroupLag              = Metric{Name: "goflow.consumer.group.lag", Unit: "{message}", Description: "Messages of the stream that no consumer of the group was given yet, when this one asked last.", Instrument: Gauge, Observable: true, Attributes: []string{"goflow.consumer.name"}}
	ConsumerGroupPending          = Metric{Name: "goflow.consumer.group.pending", Unit: "{message}", Description: "Messages that consumers of the group were given and have not acknowledged, when this one asked last.", Instrument: Gauge, Observable: true, Attributes: []string{"goflow.consumer.name"}}
	ProducerMessages              = Metric{Name: "goflow.producer.messages", Unit: "{message}", Description: "Messages of a producer, by what became of them.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.producer.name", "goflow.producer.outcome"}}
	ConsoleActions                = Metric{Name: "goflow.console.actions", Unit: "{request}", Description: "What operators asked of engines through the console, and requests it refused.", Instrument: Counter, Observable: true, Attributes: []string{"goflow.console.name", "goflow.console.engine.kind", "goflow.console.outcome"}}
)

// items are bucket boundaries.
var items = []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000}

// seconds are bucket boundaries.
var seconds = []float64{1e-05, 0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

// Metrics lists every metric, by name.
var Metrics = []Metric{BreakerCalls, BreakerState, BreakerTransitions, ChainSteps, ConsoleActions, ConsumerFailures, ConsumerGroupLag, ConsumerGroupPending, ConsumerMessageActive, ConsumerMessages, ConsumerPaused, CoordinationDecisions, CoordinationFallbacks, CoordinationInstances, CoordinationLeases, CoordinationMode, CoordinationRoundTripDuration, CoordinationRoundTrips, FallbackCalls, HealthCheckDuration, HealthCheckStatus, HealthNotifications, HealthState, HealthTransitions, HedgeCalls, HedgeRuns, JobRunActive, JobRunDuration, JobRuns, JobStartDelay, LeaseAcquisitions, LeaseActive, LeaseEnds, LeaseHoldDuration, LeaseQueueSize, LeaseRenewals, LeaseTermActive, LeaseTerms, LeaseWaitDuration, LimiterCharges, LimiterDecisions, LimiterKeyLimit, LimiterKeyUsage, LimiterNearLimits, LimiterOverflows, LimiterPermitLimit, LimiterPermitUsage, LimiterPermits, LimiterPressure, LimiterQueueSize, LimiterRefunds, LimiterWaitDuration, PipelineItemActive, PipelineItemDuration, PipelineItems, PoolQueueCapacity, PoolQueueSize, PoolTaskDuration, PoolTaskWaitDuration, PoolTasks, PoolWorkerActive, PoolWorkerLimit, PoolWorkerUtilization, ProducerMessages, RegionBorrowed, RegionDemand, RegionLent, RegionMode, RegionShare, RetryAttempts, RetryCalls, SchedulerJobPending, SchedulerTimerPending, SpillCapacity, SpillDamage, SpillRecordAge, SpillRecordPending, SpillRecords, SpillSize, SpillSyncDuration, StreamBatchDuration, StreamBatchSize, StreamBlockedTime, StreamBufferCapacity, StreamBufferSize, StreamBusyTime, StreamIdleTime, StreamItems, StreamWatermarkDelay, TimeoutCalls, WriterBufferCapacity, WriterBufferUsage, WriterFlushDuration, WriterIo, WriterWrites}

// Spans.
var (
	LimiterSpan             = Span{ID: "goflow.limiter", Verbs: []string{"allow", "take", "reserve", "wait", "acquire", "charge", "refund"}, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm", "goflow.limiter.outcome", "goflow.limiter.permits", "goflow.limiter.retry_after", "goflow.limiter.key", "error.type"}}
	CoordinationLimiterSpan = Span{ID: "goflow.coordination.limiter", Verbs: []string{"allow", "take", "wait", "acquire"}, Attributes: []string{"goflow.limiter.name", "goflow.limiter.algorithm", "goflow.limiter.outcome", "goflow.limiter.permits", "goflow.coordination.mode", "goflow.limiter.retry_after", "goflow.limiter.key", "error.type"}}
	BreakerSpan             = Span{ID: "goflow.breaker", Verbs: []string{"reject"}, Attributes: []string{"goflow.breaker.name", "goflow.breaker.state"}}
	RetrySpan               = Span{ID: "goflow.retry", Verbs: []string{"attempt"}, Attributes: []string{"goflow.retry.name", "goflow.retry.attempt", "error.type"}}
	HedgeSpan               = Span{ID: "goflow.hedge", Verbs: []string{"hedge"}, Attributes: []string{"goflow.hedge.name", "goflow.hedge.run", "error.type"}}
	JobSpan                 = Span{ID: "goflow.job", Verbs: []string{"run"}, Attributes: []string{"goflow.job.name", "goflow.job.scheduled_time", "goflow.job.start.lateness", "error.type"}}
	PoolSpan                = Span{ID: "goflow.pool", Verbs: []string{"execute"}, Attributes: []string{"goflow.pool.name", "goflow.pool.task.wait", "error.type"}}
	ChainSpan               = Span{ID: "goflow.chain", Verbs: []string{"step", "undo"}, Attributes: []string{"goflow.chain.name", "goflow.chain.step", "error.type"}}
	PipelineSpan            = Span{ID: "goflow.pipeline", Verbs: []string{"process"}, Attributes: []string{"goflow.pipeline.name", "error.type"}}
	LeaseSpan               = Span{ID: "goflow.lease", Verbs: []string{"acquire", "release"}, Attributes: []string{"goflow.lease.name", "goflow.lease.outcome", "goflow.lease.token", "goflow.lease.key", "error.type"}}
	SpillSpan               = Span{ID: "goflow.spill", Verbs: []string{"push", "pop"}, Attributes: []string{"goflow.spill.name", "goflow.spill.record.count", "error.type"}}
	AppSpan                 = Span{ID: "goflow.app", Verbs: []string{"app", "construct", "decorate", "invoke", "start", "stop"}, Attributes: []string{"goflow.app.function", "goflow.app.module", "goflow.app.caller", "error.type"}}
	StreamSpan              = Span{ID: "goflow.stream", Verbs: []string{"run"}, Attributes: []string{"goflow.stream.name", "goflow.stream.items", "error.type"}}
	ProducerSpan            = Span{ID: "goflow.producer", Verbs: []string{"publish"}, Attributes: []string{"goflow.producer.name", "goflow.producer.messages", "error.type"}}
	StreamStageSpan         = Span{ID: "goflow.stream.stage", Verbs: []string{"process"}, Attributes: []string{"goflow.stream.name", "goflow.stream.stage", "goflow.stream.items", "error.type"}}
)

// Spans lists every family of spans, by ID.
var Spans = []Span{AppSpan, BreakerSpan, ChainSpan, CoordinationLimiterSpan, HedgeSpan, JobSpan, LeaseSpan, LimiterSpan, PipelineSpan, PoolSpan, ProducerSpan, RetrySpan, SpillSpan, StreamSpan, StreamStageSpan}

// Event names.
const (
	EventAppStartFailed            = "goflow.app.start_failed"            // the application was not built, or a start hook failed
	EventAppStateChange            = "goflow.app.state_change"            // the application is starting, has become ready, or drains
	EventBreakerStateChange        = "goflow.breaker.state_change"        // a breaker changed state, with what its window held before
	EventConsoleAction             = "goflow.console.action"              // an operator acted on an engine through the console, or a request was refused. Of refusals, one a second is told
	EventConsumerStateChange       = "goflow.consumer.state_change"       // a consumer lost its server, or has it again
	EventCoordinationClientSetting = "goflow.coordination.client_setting" // the client a coordinator was given has a setting that weakens what it promises. Told once a coordinator
	EventCoordinationModeChange    = "goflow.coordination.mode_change"    // a coordinator lost Redis, or has it again
	EventHealthChange              = "goflow.health.change"               // a check has another status, or the process another state
	EventJobMissed                 = "goflow.job.missed"                  // runs of a job were given up by its misfire rule, since their time had passed
	EventJobPanic                  = "goflow.job.panic"                   // a run of a job panicked or ended its goroutine
	EventLeaseLeaderChange         = "goflow.lease.leader_change"         // this instance leads, or no longer leads
	EventLeaseLost                 = "goflow.lease.lost"                  // a lease was lost, or has expired
	EventLeasePanic                = "goflow.lease.panic"                 // the hook of an elector panicked
	EventLimiterLimitChange        = "goflow.limiter.limit_change"        // the limit of a running concurrency limiter was changed
	EventLimiterOverRelease        = "goflow.limiter.over_release"        // more permits were released than were held, for the first time in this limiter. It is a mistake of its user
	EventLimiterOverloadChange     = "goflow.limiter.overload_change"     // an overload limiter began to refuse, or ended
	EventLimiterQuotaChange        = "goflow.limiter.quota_change"        // the rate or burst of a running limiter was changed
	EventPoolPanic                 = "goflow.pool.panic"                  // a task panicked or ended its goroutine
	EventRegionLinkChange          = "goflow.region.link_change"          // another region no longer answers, or answers again. It is told by the process that balances
	EventSchedulerClockStep        = "goflow.scheduler.clock_step"        // the wall clock was set, or the machine was suspended; the scheduler planned anew
	EventSpillDamage               = "goflow.spill.damage"                // records were found missing or damaged, in a segment that was read to its end or when the queue was opened
	EventSpillDisk                 = "goflow.spill.disk"                  // the disk began to fail, because it is full for one, or works again
	EventWriterStateChange         = "goflow.writer.state_change"         // a writer's sink has begun to fail, or takes writes again
)

// Events lists every event, by name.
var Events = []Event{
	{Name: EventAppStartFailed, Attributes: []string{"error.type"}},
	{Name: EventAppStateChange, Attributes: []string{"goflow.app.state"}},
	{Name: EventBreakerStateChange, Attributes: []string{"goflow.breaker.name", "goflow.breaker.state", "goflow.breaker.reason", "goflow.breaker.window.calls", "goflow.breaker.window.failures", "goflow.breaker.window.slow"}},
	{Name: EventConsoleAction, Attributes: []string{"goflow.console.name", "goflow.console.outcome", "network.peer.address", "goflow.console.engine.kind", "goflow.console.engine.name", "goflow.console.action", "goflow.console.arguments", "goflow.console.result", "error.type"}},
	{Name: EventConsumerStateChange, Attributes: []string{"goflow.consumer.name", "goflow.consumer.state", "error.type"}},
	{Name: EventCoordinationClientSetting, Attributes: []string{"goflow.coordination.name", "goflow.coordination.setting"}},
	{Name: EventCoordinationModeChange, Attributes: []string{"goflow.coordination.name", "goflow.coordination.mode", "goflow.coordination.instances", "error.type"}},
	{Name: EventHealthChange, Attributes: []string{"goflow.health.name", "goflow.health.check", "goflow.health.group", "goflow.health.status", "goflow.health.state"}},
	{Name: EventJobMissed, Attributes: []string{"goflow.job.name", "goflow.job.missed", "goflow.job.scheduled_time"}},
	{Name: EventJobPanic, Attributes: []string{"goflow.job.name", "exception.message", "exception.stacktrace"}},
	{Name: EventLeaseLeaderChange, Attributes: []string{"goflow.lease.name", "goflow.lease.state", "goflow.lease.token"}},
	{Name: EventLeaseLost, Attributes: []string{"goflow.lease.name", "goflow.lease.token", "goflow.lease.end"}},
	{Name: EventLeasePanic, Attributes: []string{"goflow.lease.name", "exception.message", "exception.stacktrace"}},
	{Name: EventLimiterLimitChange, Attributes: []string{"goflow.limiter.name", "goflow.limiter.limit"}},
	{Name: EventLimiterOverRelease, Attributes: []string{"goflow.limiter.name", "goflow.limiter.permits", "goflow.limiter.held"}},
	{Name: EventLimiterOverloadChange, Attributes: []string{"goflow.limiter.name", "goflow.limiter.overload.state", "goflow.limiter.overload.reason"}},
	{Name: EventLimiterQuotaChange, Attributes: []string{"goflow.limiter.name", "goflow.limiter.rate", "goflow.limiter.burst"}},
	{Name: EventPoolPanic, Attributes: []string{"goflow.pool.name", "exception.message", "exception.stacktrace"}},
	{Name: EventRegionLinkChange, Attributes: []string{"goflow.limiter.name", "goflow.region.name", "goflow.region.peer", "goflow.region.link", "error.type"}},
	{Name: EventSchedulerClockStep, Attributes: []string{"goflow.scheduler.name", "goflow.scheduler.clock.step"}},
	{Name: EventSpillDamage, Attributes: []string{"goflow.spill.name", "goflow.spill.record.count", "goflow.spill.damaged.bytes"}},
	{Name: EventSpillDisk, Attributes: []string{"goflow.spill.name", "goflow.spill.disk.state", "error.type"}},
	{Name: EventWriterStateChange, Attributes: []string{"goflow.writer.name", "goflow.writer.state", "error.type"}},
}
