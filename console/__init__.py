"""Every face a person or a program meets: the Textual app and the command line."""
