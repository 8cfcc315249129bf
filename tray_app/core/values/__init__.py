"""What do all speak of? Readings, snapshots, findings, plans, errors: values without a decision.

Imports nothing of ours.
"""
