"""Versions of what may serve, with where each came from. Nothing here is loaded on a request path."""
