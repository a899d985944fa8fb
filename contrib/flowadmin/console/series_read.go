package console

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// points are values of a line, one a second, null where unknown.
type points []float32

// MarshalJSON writes the numbers in as few digits as a float32 has.
func (p points) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 2+6*len(p)), '[')
	for i, v := range p {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendPoint(b, v)
	}
	return append(b, ']'), nil
}

func appendPoint(b []byte, v float32) []byte {
	if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, float64(v), 'g', -1, 32)
}

// lineJSON is a line as the API tells it.
type lineJSON struct {
	ID          uint64            `json:"id"`
	Metric      string            `json:"metric"`
	Description string            `json:"description"`
	Unit        string            `json:"unit"`
	Type        string            `json:"type"`
	Attrs       map[string]string `json:"attrs"`
	Values      points            `json:"values,omitempty"`
	Rate        points            `json:"rate,omitempty"`
	P50         points            `json:"p50,omitempty"`
	P95         points            `json:"p95,omitempty"`
	P99         points            `json:"p99,omitempty"`
}

// seriesJSON is the answer to api/series.
type seriesJSON struct {
	Step   int        `json:"step"`
	From   int64      `json:"from"`
	Series []lineJSON `json:"series"`
}

// read gives the lines that are wanted, at most maxList, as far back as is asked for.
func (s *series) read(seconds int, wanted func(*line) bool) seriesJSON {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := int64(min(max(seconds, 1), retention))
	n = min(n, s.tick+1)
	answer := seriesJSON{Step: 1, From: s.time(s.tick - n + 1), Series: []lineJSON{}}
	for _, l := range s.lines {
		if wanted(l) {
			answer.Series = append(answer.Series, l.json(s.tick-n+1, s.tick))
		}
	}
	slices.SortFunc(answer.Series, func(a, b lineJSON) int { return cmp.Compare(a.ID, b.ID) })
	answer.Series = answer.Series[:min(len(answer.Series), maxList)]
	return answer
}

// time is when a tick was, in Unix seconds; 0 before the first.
func (s *series) time(tick int64) int64 {
	if s.tick < 0 {
		return 0
	}
	return s.base.Unix() + tick
}

func (l *line) json(from, to int64) lineJSON {
	j := lineJSON{ID: l.id, Metric: l.metric, Description: l.text, Unit: l.unit, Type: l.typ, Attrs: l.attrs}
	if l.typ == typeHistogram {
		j.Rate, j.P50 = l.row(rowRate, from, to), l.row(rowP50, from, to)
		j.P95, j.P99 = l.row(rowP95, from, to), l.row(rowP99, from, to)
		return j
	}
	j.Values = l.row(0, from, to)
	return j
}

func (l *line) row(i int, from, to int64) points {
	list := make(points, 0, to-from+1)
	for tick := from; tick <= to; tick++ {
		list = append(list, l.values[i][tick%retention])
	}
	return list
}

// engines are the engines there are lines of, with the lines of each.
func (s *series) engines() map[engineKey][]uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make(map[engineKey][]uint64)
	for _, l := range s.lines {
		all[l.engine] = append(all[l.engine], l.id)
	}
	for _, ids := range all {
		slices.Sort(ids)
	}
	return all
}

// resourceAttr is an attribute of the process's resource.
func (s *series) resourceAttr(key string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, kv := range s.res.Attributes() {
		if string(kv.Key) == key {
			return kv.Value.String()
		}
	}
	return ""
}

// latest writes the values of the last tick as JSON: a number for each line, and four for a histogram.
func (s *series) latest(b []byte) (text []byte, at int64, changes uint64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b = append(b, '{')
	for _, l := range s.lines {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(strconv.AppendUint(append(b, '"'), l.id, 10), `":`...)
		b = l.appendLatest(b, s.tick)
	}
	return append(b, '}'), s.time(s.tick), s.changes
}

func (l *line) appendLatest(b []byte, tick int64) []byte {
	if l.typ != typeHistogram {
		return appendPoint(b, l.values[0][tick%retention])
	}
	b = append(b, '[')
	for i := range l.values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendPoint(b, l.values[i][tick%retention])
	}
	return append(b, ']')
}

// seriesStats is what there is of series.
type seriesStats struct {
	Count    int `json:"count"`
	Max      int `json:"max"`
	Dropped  int `json:"dropped"`
	Points   int `json:"points"`
	MaxBytes int `json:"max_bytes"`
}

// rowBytes is what a row of a line takes at most: its values, and its share of the names, the attributes
// and the last buckets.
const rowBytes = 4*retention + 2<<10

func (s *series) stats() seriesStats {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return seriesStats{Count: len(s.lines), Max: s.most, Dropped: s.dropped, Points: s.rows * retention, MaxBytes: s.most * rowBytes}
}
