//go:build tools

// Package tools keeps the pinned linter of workflows in go.mod.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
