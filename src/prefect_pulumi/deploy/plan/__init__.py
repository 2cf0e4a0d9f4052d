"""What a deploy does to each deployment: fingerprints, ownership, comparison with the live server.

May import `deploy.file` and `deploy.flows`, never the checks.
"""
