"""Goals in, steps out; pure.

May import `core` and `state`.
"""
