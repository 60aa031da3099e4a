"""All that Chalice does not own, and the one table of functions that everything is rendered from."""
