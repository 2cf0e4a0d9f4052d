"""What code, state and server say of a stack, through either engine. Reads only.

May import `app.session`.
"""
