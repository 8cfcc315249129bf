"""The Linux panel: who shows icons and notices here, and our icon and menu over the session bus."""
