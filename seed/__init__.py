"""The demo scenario and its data files; writes through models only."""
