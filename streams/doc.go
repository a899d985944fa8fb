// Package streams moves items from a source through steps to an end, as fast as those below can take
// them.
//
//	valid := streams.FromChannel(in).Named("orders").Filter(ok).Parallel(10)
//	rows := streams.Batch(streams.Map(valid, enrich), 1000, time.Second)
//	err := rows.ForEach(ctx, store)
//
// # Words
//
//   - Stream: a source and the steps its items go through. It is a value, and runs when a terminal
//     operation is called.
//   - Step: what is done to items. One to the same type is a method, so that they chain; one to
//     another type is a function that takes the stream first.
//   - Setting: what is said about the next step that takes it, such as [Stream.Parallel]. It goes
//     through steps to the same type. One that no step takes is an error.
//   - Terminal operation: runs the stream and blocks until the end: [Stream.ForEach],
//     [Stream.Collect], [Reduce].
//   - Above, below: nearer to the source, nearer to the end.
//   - Chunk: items that move together, at most 1024. No function of a user sees one.
//   - Watermark: the time up to which a step has handed its windows on. What happened before comes late.
//   - Read ahead: to take items from above before those below have asked for them.
//
// # What to use
//
// [FromSlice], [FromChannel], [FromSeq], [FromSlices] and [Lines] are sources that forget what they
// gave, [FromAcknowledged] is one that gives it again until it was done with.
//
// [Map] and [FlatMap] run functions that may fail, in parallel if told to; [Stream.Filter] and its like
// those that cannot. [Batch] gathers by number and time, [BatchBy] by bytes too. [Windows] and
// [Sessions] fold by the time at which items happened.
//
// Where those below are slower, [Stream.Buffer] says what gives: it waits, drops or fails, and
// [Stream.Spill] puts what is too much into a queue on disk. [Conflate] folds it into one, and
// [Stream.Debounce] and [Stream.Sample] keep the newest. [Stream.Throttle] holds to a rate. Where those
// above are slower, [Expand] makes more of the last item.
//
// [Merge] and [Zip] make one stream of several. [Broadcast], [Partition] and [GroupBy] run one stream
// into several, and are terminal operations; [Stream.Tee] shows it to another on the way. How many groups
// are open, and for how long, is said by [GroupConfig].
//
// With Go 1.27, most functions that take a stream first are methods too, so that steps to another type
// chain.
//
// # Chunks
//
// Steps that share a goroutine cost one call of the user's function an item, and nothing else that
// counts. Chunks change nothing but speed: a source that waits for items hands on what it has and
// never waits to fill a chunk, and the same items come out whatever the chunks.
//
// # When it ends
//
// The first error of a step ends the run as a [*StageError] with the step's name, after the items
// before it were handed on; see [Stream.SkipErrors], [Stream.DeadLetter] and [Stream.WithPolicies] for
// other ways. A panic is an error with its stack. The end of the context ends the run with its cause;
// it is looked at once per chunk, and where the run waits. A step may also end it early, as
// [Stream.Take] does.
//
// However a run ends, when the terminal operation returns nothing of it goes on, and its source was
// closed once. It waits for user functions that run, so they should return soon after their context
// ends.
//
// # Delivery
//
// A stream of [FromAcknowledged] delivers at least once. What was made of an item is followed through
// all steps, and the item acknowledged when all of it was taken by the terminal operation, or left out
// on purpose: by a filter, [Stream.SkipErrors], [Stream.DeadLetter], a buffer that drops, or by a sink
// that returned while others went on. An item that failed, and all after it, are given again. So are
// items of which only a part was taken when the run stopped: by [Stream.Take], or a loop that broke.
//
//   - Items are acknowledged in their order, so a slow one holds up the rest: what a batch or a window
//     keeps is acknowledged when those below have taken it.
//   - Taken means that the function of [Stream.ForEach] or [Reduce] has returned, the body of the loop
//     over [Stream.Seq] has ended, the channel of [Stream.ToChannel] or the slice of [Stream.Collect]
//     has it.
//   - What [Stream.Spill] put into its queue is the queue's to keep, and as durable as the queue is.
//   - An item may come twice: after a crash, and in a chunk of which a later item failed.
//
// # Order and memory
//
// Order is kept, but by [Stream.Unordered] and between the keys of [ParallelBy]. The function of a
// terminal operation, and those of the steps just above it, run in the caller's goroutine. Steps that
// run others read ahead, by a bound that each of them names: a run that stops early has taken that
// many items from a channel that nobody saw. Other steps read no more than is asked for. Every step
// that holds items has a bound, and says what happens at it.
//
// # Telemetry
//
// A stream that was [Stream.Named] counts what becomes of items at each step, once per chunk. It tells
// how full buffers are, how large batches were and how long they were open, and how far the watermark of
// windows is behind the clock. A step that is handed
// items from another goroutine tells how long it made those above wait for room, and how long it waited
// for items; a parallel one also how long its workers worked. Only who really waits reads the clock.
//
// Under a recording parent, each run is a span, "run orders". Items that bring a span along, as
// messages do, go on in its trace: see [Stream.Traced]. A stream without a name emits nothing.
//
// # When not to use it
//
// A loop over a slice is clearer where nothing waits, fails or runs in parallel. Nothing here outlives
// a process but what [Stream.Spill] put into its queue.
package streams
