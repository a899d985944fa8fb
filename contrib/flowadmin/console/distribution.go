package console

import (
	"math"
	"slices"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// distribution is how much fell where: the buckets that are not empty, by value.
type distribution []bucket

// bucket is how much fell above low and not above high.
type bucket struct {
	low, high float64
	count     uint64
}

// explicitBuckets are those of a histogram with explicit boundaries. What lies below the first counts as
// positive when the boundary is, and as the boundary otherwise.
func explicitBuckets(bounds []float64, counts []uint64) distribution {
	var d distribution
	for i, n := range counts {
		switch {
		case n == 0 || len(bounds) == 0:
		case i == 0:
			d = append(d, bucket{min(0, bounds[0]), bounds[0], n})
		case i == len(bounds):
			d = append(d, bucket{bounds[i-1], math.Inf(1), n})
		default:
			d = append(d, bucket{bounds[i-1], bounds[i], n})
		}
	}
	return d
}

// exponentialBuckets are those of an exponential histogram.
func exponentialBuckets(scale int32, zeros uint64, threshold float64, positive, negative *metricdata.ExponentialBucket) distribution {
	var d distribution
	for i, n := range slices.Backward(negative.Counts) {
		if n > 0 {
			low, high := exponentialBounds(scale, negative.Offset+int32(i)) //nolint:gosec // at most some hundred
			d = append(d, bucket{-high, -low, n})
		}
	}
	if zeros > 0 {
		d = append(d, bucket{-threshold, threshold, zeros})
	}
	for i, n := range positive.Counts {
		if n > 0 {
			low, high := exponentialBounds(scale, positive.Offset+int32(i)) //nolint:gosec // at most some hundred
			d = append(d, bucket{low, high, n})
		}
	}
	return d
}

// exponentialBounds are base to the power of i and of i+1, where base is 2 to the power of 2 to the
// power of -scale.
func exponentialBounds(scale, i int32) (low, high float64) {
	width := math.Ldexp(1, -int(scale))
	return math.Exp2(float64(i) * width), math.Exp2(float64(i+1) * width)
}

// since is what d has and before had not. Where the buckets of before were narrower, as they are before
// an exponential histogram changes its scale, each counts for the bucket of d it lies in.
func (d distribution) since(before distribution) distribution {
	grown := slices.Clone(d)
	for _, b := range before {
		i, found := slices.BinarySearchFunc(grown, b.low+(b.high-b.low)/2, bucket.compare)
		if found {
			grown[i].count -= min(grown[i].count, b.count)
		}
	}
	return grown
}

// compare says where a bucket lies, seen from a value: before it, around it, or behind it.
func (b bucket) compare(v float64) int {
	switch {
	case b.high < v:
		return -1
	case b.low < v || b.low == v && b.high == v:
		return 0
	}
	return 1
}

// quantile is the value that a share q of what there is does not exceed, by linear interpolation in the
// bucket it lies in. It is unknown when there is nothing. Nothing tells how far beyond the last boundary
// a value lies, so that is all that is said of it.
func (d distribution) quantile(q float64) float32 {
	var total uint64
	for _, b := range d {
		total += b.count
	}
	rank := q * float64(total)
	for _, b := range d {
		if b.count > 0 && rank <= float64(b.count) {
			if math.IsInf(b.high, 1) {
				return float32(b.low)
			}
			return float32(b.low + (b.high-b.low)*rank/float64(b.count))
		}
		rank -= float64(b.count)
	}
	return unknown
}
