package flowredis_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

func TestRegionalConfigNamesEveryFault(t *testing.T) {
	t.Parallel()
	client := clientOf(t, "127.0.0.1:1")
	eu := flowredis.Region{Name: "eu", Client: client}
	good := flowredis.RegionalConfig{Region: "eu", Regions: []flowredis.Region{eu}, Rate: limit.PerSecond(10), Burst: 10}
	for _, c := range []struct {
		name   string
		change func(*flowredis.RegionalConfig)
		fields string
	}{
		{"nothing is set", func(c *flowredis.RegionalConfig) { *c = flowredis.RegionalConfig{} }, "Region Regions Rate"},
		{"a region has no client", func(c *flowredis.RegionalConfig) { c.Regions = []flowredis.Region{{Name: "eu"}} }, "Regions[0].Client"},
		{"a name is there twice", func(c *flowredis.RegionalConfig) { c.Regions = append(c.Regions, eu) }, "Regions[1].Name"},
		{"a name has a space", func(c *flowredis.RegionalConfig) {
			c.Regions = []flowredis.Region{eu, {Name: "a b", Weight: -1, Client: client}}
		}, "Regions[1].Name Regions[1].Weight"},
		{"the region is not among them", func(c *flowredis.RegionalConfig) { c.Region = "us" }, "Region"},
		{"numbers make no sense", func(c *flowredis.RegionalConfig) { c.Loan, c.Fallback, c.MaxWaiters = 1, 9, -1 }, "Loan Fallback MaxWaiters"},
		{"a loan is too long", func(c *flowredis.RegionalConfig) { c.Loan = time.Hour }, "Loan"},
		{"the coordinator's config is wrong", func(c *flowredis.RegionalConfig) { c.Coordinator.Budget = -1 }, "Budget"},
		{"a region has no burst", func(c *flowredis.RegionalConfig) {
			c.Burst, c.Regions = 1, append(c.Regions, flowredis.Region{Name: "us", Client: client})
		}, "Burst"},
		{"a share is too small", func(c *flowredis.RegionalConfig) { c.Rate = limit.Every(100 * 24 * time.Hour * 366) }, "Rate"},
		{"a share is too large", func(c *flowredis.RegionalConfig) { c.Rate, c.Burst = limit.PerSecond(1e10), 1e10 }, "Rate Burst"},
	} {
		cfg := good
		c.change(&cfg)
		_, err := flowredis.NewRegional("global", cfg)
		if !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%s: got %v, want invalid", c.name, err)
			continue
		}
		for _, field := range strings.Fields(c.fields) {
			if !strings.Contains(err.Error(), field+" ") {
				t.Errorf("%s: %v does not name %s", c.name, err, field)
			}
		}
	}
	if _, err := flowredis.NewRegional("", good); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("without a name: got %v, want invalid", err)
	}
	r, err := flowredis.NewRegional("global", good)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	r.Close()
}
