"""What run.py does. Any Python from 2.7 on reads `words` and `newer`, all else only one that is new enough."""
