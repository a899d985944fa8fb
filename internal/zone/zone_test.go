package zone_test

import (
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/zone"
)

func TestLoadGivesWhatPackageTimeDoesAndTheSameAgain(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "UTC", "Local", "Europe/Paris"} {
		want, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		first, err1 := zone.Load(name)
		again, err2 := zone.Load(name)
		if err1 != nil || err2 != nil || first.String() != want.String() || first != again {
			t.Errorf("%q: got %v, %v and %v, %v", name, first, err1, again, err2)
		}
	}
	for range 2 {
		if loc, err := zone.Load("Mars/Olympus"); err == nil {
			t.Errorf("there is %v on Mars", loc)
		}
	}
}
