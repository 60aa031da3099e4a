"""Language models on one machine (PROFILES=ai): the proxy that knows the aliases, small models behind it."""
