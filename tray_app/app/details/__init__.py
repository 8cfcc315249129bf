"""Who looks at the details page, and what do they get? The desk between the worker and the page."""
