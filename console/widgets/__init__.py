"""Widgets of the console: they show what they are given and ask the store nothing themselves."""
