"""The use cases as typed functions: a frozen request in, a result out, events to a sink.

May import every room but `cli`; no argparse, no rich, no standard streams.
"""
