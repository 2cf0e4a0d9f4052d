"""Two folders up from the flow that uses it."""

COMPANY = "company"
