// Package kubernetes holds the tests of the manifests beside it: that they build, that Kubernetes knows
// each of their fields, and that their numbers fit together and the gateway. It is a module of its own,
// because the API types of Kubernetes are nothing that a user of goflow needs.
package kubernetes
