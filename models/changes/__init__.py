"""What people change in the configuration of a Vault, kept as the rows were before and after, so it can be taken back.

Configuration is connections with their clients and authorizations, integrations with points and rules, lookups with
their keys, queues with the connections they serve, and settings. What moves (records, messages, runs, exceptions) is
none of it and is never put back.
"""
