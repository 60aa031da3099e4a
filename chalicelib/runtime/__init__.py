"""Plumbing that every module stands on. Imports no module."""
