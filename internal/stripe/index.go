package stripe

// Cells is how many values [Index] has.
const Cells = cells

// Index is a hint of which of [Cells] lines the calling goroutine should write, so that few others
// write the same one. It may change from call to call.
func Index() int { return int(index() % cells) }
