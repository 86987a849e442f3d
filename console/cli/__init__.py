"""The command line: one module per area, each command the twin of something in the console."""
