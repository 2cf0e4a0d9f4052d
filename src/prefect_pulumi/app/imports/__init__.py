"""Existing objects imported: one by one into a stack, or a server as a project of its own.

`live_objects` reads, `layout` gives every object its place, `environment`, `program_modules` and `deployments_file`
write the texts (pure), `project_folder` is the whole. May import `app.session` and `app.init`.
"""
