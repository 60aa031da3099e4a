"""Generated from events.proto; do not edit."""
