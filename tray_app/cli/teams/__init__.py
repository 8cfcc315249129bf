"""The commands of teams: task settings as a file for many servers."""
