"""One module per kind of object: how it is created, read, changed and deleted.

May import `api`, `local`, `models`, `core`; handlers do not import each other.
"""
