"""`receiver`: a small HTTPS receiver of Spark messages, for labs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.output import jsonable, printable, tell
from console.cli.serve import until_interrupted
from console.cli.settings import settings_of
from models.errors import InvalidInput, NotPossible

if TYPE_CHECKING:
    from scheduler.lab_server import Arrival


def receiver(
    context: typer.Context,
    tls: Annotated[
        Path | None, typer.Option("--tls", metavar="DIR", help="Folder with server.pem and server.key.")
    ] = None,
    certificates: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where signing certificates are fetched, e.g. http://127.0.0.1:8600."),
    ] = None,
    pem: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The signing certificate, instead of fetching it.")
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CA to trust when certificates are fetched.")
    ] = None,
    answer: Annotated[
        str, typer.Option(metavar="HOW", help="ok, error, slow, none, reset, redirect, or a status like 503.")
    ] = "ok",
    delay: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="How long slow takes.")] = 35.0,
    address: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")] = 8443,
    check_time: Annotated[
        bool, typer.Option("--check-time", help="Judge the time window by this machine's clock, not by the message.")
    ] = False,
    accept_user: Annotated[
        str | None, typer.Option(metavar="TEXT", help="User name or client id that a message must carry.")
    ] = None,
    accept_secret_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File with the password or client secret that goes with it.")
    ] = None,
    make: Annotated[
        Path | None,
        typer.Option("--make-certificates", metavar="DIR", help="Only make a CA and a server certificate, and end."),
    ] = None,
    host: Annotated[str, typer.Option(help="Host name for --make-certificates.")] = "example.com",
    count: Annotated[int, typer.Option(min=0, help="End after so many messages; 0 goes on.")] = 0,
) -> None:
    """Receive Spark messages over HTTPS: verify their signatures, print what came, and answer as told.

    A Vault's URL has no port: have the sender reach this receiver with
    --resolve HOST:443:127.0.0.1:8443 --ca-file DIR/ca.pem. With --json each message is one line.
    """
    from scheduler.lab_certificates import CERTIFICATE_FILE, KEY_FILE, make_certificates
    from scheduler.lab_server import Behaviour, CertificateSource
    from scheduler.lab_server import receiver as make_receiver

    settings = settings_of(context)
    if make is not None:
        files = [str(file) for file in make_certificates(make, host)]
        tell(settings, {"host": host, "files": files}, f"Made for {host}: {', '.join(files)}.")
        return
    if tls is None:
        raise InvalidInput({"tls": "Name the folder that --make-certificates made."})
    if pem is None and certificates is None:
        raise InvalidInput({"certificates": "Name a certificate endpoint, or a certificate file with --pem."})
    accepts = _accepts(accept_user, accept_secret_file)
    source = CertificateSource(file=pem, endpoint=certificates, ca_file=ca_file)
    seen = 0

    def hear(arrival: Arrival) -> None:
        nonlocal seen
        seen += 1
        print(json.dumps(_document(arrival)) if settings.json else _words(arrival), flush=True)

    server = make_receiver(
        source,
        Behaviour(answer, slow=delay),
        hear,
        certificate=tls / CERTIFICATE_FILE,
        key=tls / KEY_FILE,
        address=address,
        port=port,
        check_time=check_time,
        accepts=accepts,
    )
    with server:
        print(f"Receiving at https://{address}:{server.port}; Ctrl+C ends it.", file=sys.stderr, flush=True)
        until_interrupted(lambda: bool(count) and seen >= count)


def _accepts(user: str | None, secret_file: Path | None) -> str:
    """The Authorization header that messages must carry; empty when any will do."""
    from scheduler.credentials import basic

    if user is None and secret_file is None:
        return ""
    if user is None or secret_file is None:
        raise InvalidInput({"accept-user": "Give both --accept-user and --accept-secret-file."})
    try:
        secret = secret_file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise NotPossible(f"{secret_file} cannot be read.", "Name a text file with the secret.") from error
    return basic(user, secret)


def _document(arrival: Arrival) -> dict[str, Any]:
    verdict = arrival.verdict
    try:
        body: Any = json.loads(arrival.body)
    except ValueError:
        body = arrival.body.decode("utf-8", "replace")
    return {
        "at": jsonable(arrival.at),
        "url": arrival.url,
        "signature": {"valid": verdict.valid, "certificate_id": verdict.certificate_id, "reason": verdict.reason},
        "headers": dict(arrival.headers),
        "body": body,
    }


def _words(arrival: Arrival) -> str:
    verdict = arrival.verdict
    judged = "signature holds" if verdict.valid else "SIGNATURE REFUSED"
    lines = [f"{arrival.url}  {judged} (certificate {verdict.certificate_id}): {verdict.reason}"]
    lines += [f"  {name}: {value}" for name, value in arrival.headers.items()]
    lines.append("  " + arrival.body.decode("utf-8", "replace"))
    return "\n".join(printable(line) for line in lines)
