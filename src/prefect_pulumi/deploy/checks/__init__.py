"""The preflight: every fault of a `prefect.yaml`, before anything is written.

May import `deploy.file` and `deploy.flows`.
"""
