"""What is there to look at? The pictures of the details page as values, from what was measured."""
