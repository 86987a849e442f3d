"""Detail panes: how a frozen row of each area becomes lines to read."""
