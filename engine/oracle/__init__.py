"""The core a second time, in plain Python: slow, obvious, and written from docs/CORE.md alone.

The oracle exists to disagree: tests drive it and the kernels with the same frames and compare codes, events and state hash after
each. It shares engine/types.py and the value types of engine/views.py with the rest of the project, and nothing else.
"""
