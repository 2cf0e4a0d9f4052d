"""A project in a repository that has flows already: what is there, and the files that are missing.

`templates/infra` are the files of this repository's own `infra/`. May import `deploy.file`, `project`, `core`.
"""
