"""`serve`: endpoints that a lab answers to others."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.frame import area, command
from console.cli.lab import opened
from console.cli.output import jsonable, printable
from console.cli.settings import settings_of

if TYPE_CHECKING:
    from scheduler.lab_api import ApiCall

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


@command(serve, "api")
def api(
    context: typer.Context,
    address: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")] = 8700,
    tls: Annotated[
        Path | None, typer.Option("--tls", metavar="DIR", help="Answer over HTTPS, with server.pem and server.key.")
    ] = None,
    count: Annotated[int, typer.Option(min=0, help="End after so many calls; 0 goes on.")] = 0,
) -> None:
    """Answer API calls to the Vault named with --vault: its queues, their actions, and signing certificates.

    A call carries a session in its Authorization header, as messages bring it in ${Session.SessionId}. With Client ID
    Filtering on, it needs an approved client id: the parameter client_id, or the header X-VaultAPI-ClientID. Each call
    is printed, with --json as one line.
    """
    from scheduler.lab_api import VaultApi
    from scheduler.lab_certificates import CERTIFICATE_FILE, KEY_FILE
    from scheduler.lab_server import Server

    settings = settings_of(context)
    seen = 0

    def tell(call: ApiCall) -> None:
        nonlocal seen
        seen += 1
        print(json.dumps(jsonable(call)) if settings.json else _words(call), flush=True)

    with opened(settings) as lab:
        with lab.store.read() as session:
            vault = lab.vault(session)
        server = Server(
            VaultApi(lab.store, vault.key, tell, read_only=settings.read_only).handle,
            address=address,
            port=port,
            certificate=None if tls is None else tls / CERTIFICATE_FILE,
            key=None if tls is None else tls / KEY_FILE,
        )
        scheme = "http" if tls is None else "https"
        with server:
            here = f"{scheme}://{address}:{server.port}"
            print(f"{vault.name} answers at {here}; Ctrl+C ends it.", file=sys.stderr, flush=True)
            until_interrupted(lambda: bool(count) and seen >= count)


def _words(call: ApiCall) -> str:
    outcome = f"{call.error}: {call.message}" if call.error else "SUCCESS"
    return printable(f"{call.method} {call.path}  client {call.client_id}  user {call.user or '-'}  {outcome}")


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
