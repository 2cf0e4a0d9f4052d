//go:build tools

// Package tools pins the official Pulumi CLI, which `make pulumi` builds.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
