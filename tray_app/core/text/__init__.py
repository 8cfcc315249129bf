"""How do we say it? Every sentence a person reads, made from finished values with a Translator.

May import remedies, report, lanes, requests, tasks, values.
"""
