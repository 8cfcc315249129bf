"""Is it bad? What one poll comes to, the findings in it, and alerts over time.

May import fit, report, lanes, requests, tasks, values.
"""
