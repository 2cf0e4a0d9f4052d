"""The deploy step: `prefect.yaml` checked as a whole, fingerprinted, planned, deployed by Prefect's own command."""
