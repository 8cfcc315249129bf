"""What all speak of, without a decision: readings, snapshots, findings, plans, errors.

Imports nothing of ours.
"""
