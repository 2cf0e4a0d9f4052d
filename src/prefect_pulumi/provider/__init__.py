"""The Pulumi resource provider `prefect`: handlers of each kind, the deploy step, and what serves them to an engine.

May import `deploy`, `local`, `api`, `models`, `core` and `project.git`.
"""
