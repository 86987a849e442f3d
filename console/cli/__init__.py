"""The command line: one module per area, each command the twin of something in the console.

Importing a module of this package imports neither the store nor Textual: commands do so when they are called.
"""

import sys


def main() -> None:
    """Entry point of `vault-console`: run the command that was typed, then exit with its code."""
    from console.cli import plain_start

    if (settings := plain_start.read(sys.argv[1:])) is not None:
        sys.exit(plain_start.run(settings))

    from console.cli import program

    program.main()
