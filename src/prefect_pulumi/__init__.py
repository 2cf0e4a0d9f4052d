"""Infrastructure as code for Prefect."""
