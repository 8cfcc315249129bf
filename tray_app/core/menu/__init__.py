"""What does the tray show? Icon, rows and notices as values.

May import text, remedies, report, lanes, requests, tasks, values.
"""
