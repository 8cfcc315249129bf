"""Will it fit? What a model needs by its shape, and whether two can live beside each other.

May import report, lanes, requests, tasks, values.
"""
