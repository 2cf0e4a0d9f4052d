"""The deploy step as a resource: preflight, plan and execution of the deployments of one `prefect.yaml`.

May import `deploy` and `provider.handlers`.
"""
