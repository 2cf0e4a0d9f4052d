"""Workers in containers: Docker and Kubernetes.

May import `resources`, `project.settings` and the server component.
"""
