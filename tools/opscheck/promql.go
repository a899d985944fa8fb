package opscheck

import (
	"regexp"
	"slices"
	"strings"
)

// Matcher is a condition in a selector, such as outcome=~"a|b".
type Matcher struct{ Label, Op, Value string }

// Terms are the names in a PromQL expression.
type Terms struct {
	Metrics  []string
	Labels   []string // of groupings and joins
	Matchers []Matcher
}

var (
	token   = regexp.MustCompile(`"(?:\\.|[^"\\])*"|\[[^\]]*\]|[A-Za-z_:][A-Za-z0-9_:]*|[0-9][0-9.]*[a-z]*|=~|!~|!=|==|>=|<=|.`)
	labels  = []string{"by", "without", "on", "ignoring", "group_left", "group_right"}
	keyword = []string{"and", "or", "unless", "offset", "bool", "inf", "nan"}
)

// Read finds the names in an expression that Prometheus can read. Of one that it cannot, the answer is of no use.
func Read(expr string) Terms {
	tokens := slices.DeleteFunc(token.FindAllString(expr, -1), func(s string) bool { return strings.TrimSpace(s) == "" })
	at := func(i int) string {
		if i >= len(tokens) {
			return ""
		}
		return tokens[i]
	}
	var t Terms
	for i := 0; i < len(tokens); i++ {
		word := tokens[i]
		switch {
		case slices.Contains(labels, word) && at(i+1) == "(":
			for i += 2; at(i) != ")" && at(i) != ""; i++ {
				if at(i) != "," {
					t.Labels = append(t.Labels, at(i))
				}
			}
		case word == "{":
			for i++; at(i) != "}" && at(i) != ""; i++ {
				if at(i) != "," {
					t.Matchers = append(t.Matchers, Matcher{at(i), at(i + 1), strings.Trim(at(i+2), `"`)})
					i += 2
				}
			}
		case isName(word) && at(i+1) != "(" && !slices.Contains(labels, word) && !slices.Contains(keyword, strings.ToLower(word)):
			t.Metrics = append(t.Metrics, word)
		}
	}
	return t
}

// isName says whether a word could be a metric's name. An aggregation may stand before its grouping: it is none.
func isName(word string) bool {
	return regexp.MustCompile(`^[A-Za-z_:]`).MatchString(word) && !slices.Contains(aggregations, word)
}

var aggregations = []string{"sum", "max", "min", "avg", "count", "topk", "bottomk", "group", "stddev", "stdvar", "quantile", "count_values"}
