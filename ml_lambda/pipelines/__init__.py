"""What runs at night: reading the decision log, refitting priors, judging challengers, the report."""
