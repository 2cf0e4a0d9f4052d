//go:build tools

// Package yamlhost pins the official CLI's host of YAML programs, which `make pulumi` builds.
package yamlhost

import _ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
