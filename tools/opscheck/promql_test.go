package opscheck_test

import (
	"fmt"
	"testing"

	"github.com/goflow-go/goflow/tools/opscheck"
)

func TestReadFindsNamesAndNoOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expr, want string }{
		{`up == 0`, `{[up] [] []}`},
		{`sum by (job, le) (rate(a_total{x="1",y=~"b|c"}[5m])) / 2 > 0.5`, `{[a_total] [job le] [{x = 1} {y =~ b|c}]}`},
		{`a unless on (job) b offset 5m or max(c) by (d)`, `{[a b c] [job d] []}`},
		{`histogram_quantile(0.99, sum by (le) (rate(a_bucket[1h]))) and topk(3, b{} * 1e3)`, `{[a_bucket b] [le] []}`},
		{`a{x!="it's {not} by (this)"} * on (y) group_left (z) b`, `{[a b] [y z] [{x != it's {not} by (this)}]}`},
	} {
		if got := fmt.Sprint(opscheck.Read(c.expr)); got != c.want {
			t.Errorf("%s has %s, want %s", c.expr, got, c.want)
		}
	}
}
