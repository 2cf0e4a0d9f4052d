"""The Pulumi resource provider `prefect`."""
