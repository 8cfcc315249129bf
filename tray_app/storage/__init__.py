"""This app's files and its one secret."""
