"""Pure: values in, values out; no I/O, clock, threads or logging.

The rooms, each importing only those after it: menu, text, remedies, diagnosis, fit, report, requests, tasks, values.
"""
