"""What lies on disk of a user's project: Pulumi.yaml, stack files, settings, the git repository, folders of releases.

May import `core`, `models` and `state`.
"""
