"""What the flows and deployment steps of a project are, found by importing them in a child process.

May import `core`.
"""
