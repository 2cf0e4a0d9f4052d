"""The project's tests. `support` holds what they share; the measurements in bench/ use it too."""
