"""What helps? Every answer to a finding, ranked for this machine.

May import diagnosis, fit, report, lanes, requests, tasks, values.
"""
