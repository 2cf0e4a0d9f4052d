"""The only HTTP client of the toolkit: Prefect's REST API, with its errors translated at the edge."""
