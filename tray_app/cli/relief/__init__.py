"""The command of automatic relief: its choice, its rules, and what it would have done."""
