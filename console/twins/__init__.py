"""The command-line twins: for each way of doing something in the console, the call that does the same."""
