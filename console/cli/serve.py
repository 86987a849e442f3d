"""`serve`: endpoints that a lab answers to others."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from console.cli.frame import area, command
from console.cli.lab import opened
from console.cli.settings import settings_of

serve = area("serve", "Endpoints that the lab answers.")

LOOK_EVERY = 0.1


@command(serve, "certificates")
def certificates(
    context: typer.Context,
    address: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")] = 8600,
    tls: Annotated[
        Path | None, typer.Option("--tls", metavar="DIR", help="Answer over HTTPS, with server.pem and server.key.")
    ] = None,
) -> None:
    """Answer GET /api/{version}/services/certificate/{id} with the signing certificate, without a session."""
    from models.queries.certificates import pem_of
    from scheduler.lab_certificates import CERTIFICATE_FILE, KEY_FILE
    from scheduler.lab_server import certificate_server

    with opened(settings_of(context)) as lab:

        def lookup(certificate_id: str) -> str | None:
            with lab.store.read() as session:
                return pem_of(session, certificate_id)

        server = certificate_server(
            lookup,
            address=address,
            port=port,
            certificate=None if tls is None else tls / CERTIFICATE_FILE,
            key=None if tls is None else tls / KEY_FILE,
        )
        scheme = "http" if tls is None else "https"
        with server:
            print(f"Answering at {scheme}://{address}:{server.port}; Ctrl+C ends it.", file=sys.stderr, flush=True)
            until_interrupted(lambda: False)


def until_interrupted(ended: Callable[[], bool]) -> None:
    """Wait for Ctrl+C, a polite kill, or that `ended` says so."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        while not ended():
            time.sleep(LOOK_EVERY)
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)
