"""What of the history is drawn? Rows that SQLite adds up."""
