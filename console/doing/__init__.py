"""What people do in the administration areas: calls of services that run in a thread and answer a sentence to show.

Like `console.commands`, which holds what all areas share. Nothing here is imported before the store is open.
"""
