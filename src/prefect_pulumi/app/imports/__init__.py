"""Existing objects imported into a stack, and the program that declares them.

May import `app.session`.
"""
