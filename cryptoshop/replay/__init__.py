"""Recorded order flow of real venues, through the real core.

One module per format maps a recording to commands, sends them through an in-memory venue, and compares what comes out with what the
recording itself published. Nothing here knows of processes or of a log.
"""
