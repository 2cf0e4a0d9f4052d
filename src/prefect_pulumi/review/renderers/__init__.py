"""One report, several formats.

May import `review.model`, `review.phrases`, `review.document`.
"""
