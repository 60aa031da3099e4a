"""Admins: who is one, and what they did."""
