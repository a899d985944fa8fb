package saturation

// Quantile is quantile.
var Quantile = quantile
