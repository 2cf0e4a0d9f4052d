"""The deploy step: `prefect.yaml` is read (`file`, `flows`), checked (`checks`), planned (`plan`) and deployed by
Prefect's own command (`run`).

May import `api`, `models` and `core`.
"""
