"""Simulated people who live, look at tips and answer them, driving the services that serve real ones."""
