"""`hosted`: endpoints elsewhere that do the tasks."""
