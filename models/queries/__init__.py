"""Frozen rows for reading, one module per screen. Every query names its Vault; none changes anything.

Lists are `models.queries.window.Listing`s, so that a list of a million rows is read a page at a time; details are plain
functions that take a session, the Vault and a key, and answer a frozen row or None.
"""
