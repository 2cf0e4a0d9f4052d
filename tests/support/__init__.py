"""What the tests and the measurements share: projects, engines, servers, proxies and providers to test against.

Owns everything that more than one folder of tests uses. May import: the toolkit, pytest, and nothing of the tests.
"""
