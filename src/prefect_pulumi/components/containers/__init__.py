"""What runs in containers: the images, a server in Docker, workers in Docker and Kubernetes.

May import `resources`, `project.settings` and `components.environment`, no component.
"""
