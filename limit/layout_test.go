package limit

import (
	"testing"
	"unsafe"
)

func TestThePermitAndItsCountShareACacheLineOfTheirOwn(t *testing.T) {
	t.Parallel()
	var b TokenBucket
	tat := unsafe.Offsetof(b.tat)
	if tat%128 != 0 {
		t.Errorf("the TAT is at offset %d, want a multiple of 128", tat)
	}
	if last := unsafe.Offsetof(b.waiting) + unsafe.Sizeof(b.waiting); last > tat+64 {
		t.Errorf("the counts end at offset %d, want within the line that begins at %d", last, tat)
	}
	if next := unsafe.Offsetof(b.inst); next < tat+128 {
		t.Errorf("what is only read begins at offset %d, want from %d", next, tat+128)
	}
}
