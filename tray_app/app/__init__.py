"""When, and in which thread? Clocks, threads and wiring.

May import every other folder; its sentences come from core/text.
"""
