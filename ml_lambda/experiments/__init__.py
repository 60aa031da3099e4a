"""Experiments: who is served what, how policies are compared, and when one replaces another."""
