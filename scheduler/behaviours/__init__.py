"""Behaviours of integration points: one module each, named as points name it (see `scheduler.behaviour`)."""
