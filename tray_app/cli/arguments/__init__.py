"""The words of every command, a file for each group."""
