"""What was asked for on the command line? argv in, exit code out; one file per command.

May import every other folder, and shtab; its sentences come from core/text.
"""
