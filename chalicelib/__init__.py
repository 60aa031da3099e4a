"""The modular monolith: one deployable, one folder per module."""
