"""Every screen that there is, and how one gets to see it: what the pictures of the console are taken of.

Each picture says what it shows, as `front` names it. So none can show something else than it says, and a screen or a
question that has no picture is found.
"""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select, update
from textual.pilot import Pilot

from console.app import ConsoleApp
from console.doing.files import Entry
from console.lab import Beginning, OpenedLab
from console.modals.base import Modal
from console.modals.calls import CallLine
from console.modals.file_chooser import FileChooser
from console.modals.progress import ProgressScreen
from models.permissions import Actor
from models.services.certificates import Dates, add_certificate, advance, plan_rollover
from models.services.connection_files import connect_from_file, download_connection_file
from models.services.documents import create_document
from models.services.integrations import set_integration_active
from models.services.queues import create_queue
from models.services.sandboxes import create_sandbox
from models.store import Store
from models.tables import (
    SEARCH_ON_DEMAND,
    Connection,
    Direction,
    Integration,
    IntegrationPoint,
    SigningCertificate,
    Vault,
    VaultObject,
    table_of,
)
from models.user_actions import UserAction
from seed.labs import LABS
from tests.builders import _issued, make_vault, user
from tests.console.lab import START, console, fill, fill_lookups, press, settle
from tests.console.test_connection_actions import pending
from tests.documents.lab import make_documents

FOLDER = Path("/home/ada/lab")
"""Where files seem to lie: the same in every run."""
FILES = ("codes.csv", "lab.mdl", "walk__c-1001.vaultconnection", "notes.txt")
ROWS = "source_key,,target_key\nused__c,,other\nnew,,[/foo]\nbad,,\nnew,,again\noften__c,,frequent__c\n"


QUERY = "SELECT id, name__v, status__v, strength__c, modified_date__v FROM product__v ORDER BY name__v"


class Picture(NamedTuple):
    """What to press in which lab, and what is in front then."""

    keys: tuple[str, ...]
    shows: str
    vault: int = 1001
    more: Callable[[Store], Any] | None = None
    """What there is in the store besides what all tests have."""
    app: Callable[[Store], ConsoleApp] | None = None
    """The console, where it is not that on the store with all that."""
    then: Callable[[Pilot[Any]], Awaitable[None]] | None = None

    def prepared(self, store: Store) -> ConsoleApp:
        """The console of this picture, on an empty store that is filled for it."""
        if self.app is not None:
            return self.app(store)
        fill(store)
        if self.more is not None:
            self.more(store)
        return console(store, vault=self.vault)

    async def open(self, pilot: Pilot[Any], *, checked: bool = True) -> None:
        """Go where the picture is taken; unless `checked`, its texts may be others."""
        await settle(pilot)
        await press(pilot, *self.keys)
        if self.then is not None:
            await self.then(pilot)
        assert not checked or front(pilot.app) == self.shows


def front(app: Any) -> str:
    """What is in front: the kind of screen, and the title of the box in it."""
    screen = app.screen
    titles = [str(box.border_title) for box in screen.query("Vertical, PageScreen > *") if box.border_title]
    title = screen.crumb if isinstance(screen, Modal) else titles[0] if titles and screen.is_modal else ""
    return f"{type(screen).__name__}: {title}" if title else type(screen).__name__


def same_world(patch: pytest.MonkeyPatch, store: Store) -> None:
    """Have the disk look the same in every run, and whatever is done be done at one time."""

    def listed(folder: Path, suffix: str) -> tuple[Entry, ...]:
        wanted = [name for name in FILES if name.endswith(suffix)]
        others = [name for name in FILES if name not in wanted]
        entries = [Entry(name, folder / name, name == "older", name in wanted) for name in (*wanted, "older", *others)]
        return (*entries[: len(wanted)], Entry("..", folder.parent, True, False), *entries[len(wanted) :])

    patch.setattr("console.telling.CallLine", lambda _at, *told: CallLine(START, *told))
    patch.setattr("models.opening.default_store_path", lambda: store.path)
    patch.setattr("console.doing.files.first_folder", lambda: FOLDER)
    patch.setattr("console.doing.files.list_folder", listed)
    patch.setattr("console.doing.lookups.read_whole", lambda _path, _largest: ROWS.encode())
    patch.setattr(FileChooser, "_take", FileChooser.dismiss)
    patch.setattr("console.doing.queries.history", lambda: (QUERY, "SELECT id FROM product__v"))
    patch.setattr("console.doing.queries.remember", lambda text: (text,))


# What there may be besides


def two_certificates(store: Store) -> None:
    """The rollover period: the new certificate is in use, the previous one is still available."""
    with store.write() as write:
        issued = _issued("00001")
        new = add_certificate(
            write,
            certificate_id="00002",
            pem=issued.certificate_pem,
            sealed_private_key="",
            not_before=issued.not_before,
            not_after=issued.not_after,
        )
        plan_rollover(write, Actor.system(1001), new, Dates.usual(START))
        advance(write, Dates.usual(START).rollover)


def walk(store: Store) -> None:
    """A Pending connection that is like no other, whose file can be signed."""
    with store.write() as write:
        write.execute(update(table_of(SigningCertificate)).values(pem=_issued("00001").certificate_pem))
    pending(store)


def uploaded(store: Store) -> None:
    """The connection file of Walk was used in the target Vault: both Vaults are to approve."""
    walk(store)
    with store.write() as write:
        columns = table_of(Connection).c
        key = write.execute(select(columns.id).where(columns.api_name == "walk__c")).scalar_one()
        file = download_connection_file(write, user(store, 1001), store.secrets, key)
        connect_from_file(write, user(store, 1002), file.data)


def inactive(store: Store) -> None:
    with store.write() as write:
        columns = table_of(Integration).c
        for vault_id, key in write.execute(select(columns.vault_id, columns.id)).all():
            set_integration_active(write, user(store, vault_id), key, active=False)


def spare_queue(store: Store) -> None:
    with store.write() as write:
        create_queue(write, Actor.system(1001), label="A Spare Queue", api_name="spare__c", type=Direction.OUTBOUND)


def documents(store: Store) -> None:
    with store.write() as write:
        make_documents(write, 1001)
        create_document(write, Actor.system(1001), {"name__v": "Guide", "title__v": "How it is used"})


def sandbox(store: Store) -> None:
    with store.write() as write:
        create_sandbox(write, user(store, 1001), id=1011, name="Source Sandbox", dns_host="sb-1011.lab.example.com")


def needing(store: Store) -> None:
    """The source Vault has an application, and its integration needs one more, a feature and another integration."""
    with store.write() as write:
        write.execute(update(table_of(Vault)).where(table_of(Vault).c.id == 1001).values(applications=["QMS"]))
        columns = table_of(Integration).c
        needs = {
            "depends_on": ["transfer__c"],
            "required_applications": ["QMS", "CTMS|eTMF"],
            "required_features": ["Change Control"],
            "remote_applications": ["Registrations"],
        }
        write.execute(update(table_of(Integration)).where(columns.vault_id == 1001).values(**needs))


def searched(store: Store) -> None:
    """Users of the target Vault search the source Vault through the point."""
    with store.write() as write:
        points = table_of(IntegrationPoint)
        write.execute(update(points).where(points.c.vault_id == 1002).values(behaviours=[SEARCH_ON_DEMAND]))


def acted_on(store: Store) -> None:
    """Products of the source Vault have user actions: one that is possible, one that is done, one that must wait."""
    wanted = (
        UserAction("Withdraw", {"marketed__c": False}, about="The Product is no longer sent."),
        UserAction("Market", {"marketed__c": True}),
        UserAction("Transfer to Quality", {"strength__c": 0}, {"launched__c": "2026-01-05"}),
    )
    with store.write() as write:
        objects = table_of(VaultObject)
        mine = update(objects).where(objects.c.vault_id == 1001, objects.c.name == "product__v")
        write.execute(mine.values(actions=[action.kept for action in wanted]))


def bare_lab(store: Store) -> ConsoleApp:
    """A lab with one Vault in which nothing has been made."""
    with store.write() as write:
        make_vault(write, 1001, "Source")
    return console(store)


class Labs:
    """Offers the labs that there are, and makes none."""

    @property
    def beginnings(self) -> Sequence[Beginning]:
        return tuple(Beginning(kind.name, kind.label, kind.about) for kind in LABS)

    def fill(self, _name: str, tell: Callable[[str, float], None], _cancelled: Callable[[], bool]) -> str:
        tell("Making what was chosen", 0.5)
        return LABS[0].about


def unbegun(store: Store) -> ConsoleApp:
    return ConsoleApp(lambda: OpenedLab(store, None, Labs()))


async def work_goes_on(pilot: Pilot[Any]) -> None:
    """Show work that has come half way and goes on for as long as one looks."""
    told = Event()

    def half_way(tell: Callable[[str, float], None], cancelled: Callable[[], bool]) -> str:
        tell("12,000 of 24,000 records", 0.5)
        told.set()
        while not cancelled():
            told.wait(0.01)
        return ""

    pilot.app.push_screen(ProgressScreen("New sandbox of Source", half_way))
    while not told.is_set():
        await pilot.pause()
    await pilot.pause()


def find(word: str, *then: str) -> tuple[str, ...]:
    """Narrow the list of connections to this one, and go on."""
    return ("1", "slash", *word, "enter", *then)


PICTURES: dict[str, Picture] = {
    # Areas and the lists within them
    "home": Picture(("0",), "HomeScreen"),
    "connections": Picture(("1",), "ConnectionsScreen"),
    "integrations": Picture(("2",), "IntegrationsScreen", 1002),
    "requirements": Picture(("2",), "IntegrationsScreen", 1001, needing),
    "queues": Picture(("3",), "QueuesScreen"),
    "certificates": Picture(("4",), "CertificatesScreen"),
    "exceptions": Picture(("5",), "ExceptionsScreen", 1002),
    "records": Picture(("6",), "RecordsScreen"),
    "jobs": Picture(("7",), "JobsScreen"),
    "audit": Picture(("8",), "AuditScreen"),
    "all-messages": Picture(("9",), "MessagesScreen"),
    "split": Picture(("1", "S"), "SplitScreen"),
    "messages": Picture(("3", "enter"), "QueueMessagesScreen"),
    "queue-log": Picture(("3", "l"), "QueueLogScreen"),
    "design": Picture(("2", "enter", "down"), "DesignScreen", 1002),
    "lookups": Picture(("1", "l"), "LookupsScreen", 1002, fill_lookups),
    "keys": Picture(("1", "l", "enter"), "LookupKeysScreen", 1002, fill_lookups),
    "missing": Picture(("1", "l", "m"), "MissingKeysScreen", 1002, fill_lookups),
    "waiting": Picture(("0", "down", "down", "right", "enter"), "WaitingScreen"),
    "documents": Picture(("6", "o", *"docu", "enter"), "RecordsScreen", 1001, documents),
    # What the whole console opens
    "vaults": Picture(("v",), "PickList: Switch Vault"),
    "users": Picture(("u",), "PickList: Act as"),
    "actions": Picture(("5", "x"), "PickList: Actions", 1002),
    "help": Picture(("6", "question_mark"), "HelpScreen: Help"),
    "go-to": Picture(("colon",), "PickList: Go to"),
    "palette": Picture(("1", "ctrl+p"), "CommandPalette"),
    "jump": Picture(("1", "ctrl+o"), "JumpScreen"),
    "themes": Picture(("1", "f9"), "PickList: Theme"),
    "calls": Picture(("3", "a", "semicolon"), "CallsScreen: Calls of the command line that do what was done here"),
    "undo": Picture(("3", "a", "1", "U"), "UndoScreen: Take this change back?"),
    "redo": Picture(("3", "a", "U", "tab", "tab", "enter", "ctrl+r"), "UndoScreen: Do this again?"),
    "snapshots": Picture(("1", "f4"), "PickList: Snapshots"),
    "snapshot-form": Picture(("1", "f4", "enter"), "FormScreen: New snapshot"),
    "notices": Picture(("1", "exclamation_mark"), "NoticesScreen: Notifications", 1001, inactive),
    "catalogue": Picture(("1", "K", "slash", *"ecoa", "enter"), "CatalogueScreen"),
    "catalogue-filter": Picture(("K", "slash"), "AskLine: Show the connections that have"),
    "catalogue-about": Picture(("K", "i"), "PageScreen: Catalogue: Clinical Operations-EDC"),
    "vault-settings": Picture(("1", "A"), "FormScreen: Settings of Source", 1001, needing),
    "sandbox-form": Picture(("1", "f6"), "FormScreen: New sandbox of Source"),
    "sandboxes": Picture(("1", "f7"), "PickList: Refresh a sandbox of this Vault", 1001, sandbox),
    "tour": Picture(("f10", "enter"), "TourStop: 2 of 7: Connections"),
    "progress": Picture(("1",), "ProgressScreen: New sandbox of Source", then=work_goes_on),
    # What every list opens
    "row": Picture(("6", "ctrl+g"), "GotoPrompt: Go to a row"),
    "find": Picture(("6", "ctrl+t"), "AskLine: Find in this list"),
    "save-list": Picture(("6", "Y"), "FormScreen: Save the list"),
    # Connections
    "identifiers-form": Picture(("1", "I"), "FormScreen: Person Identifiers of Lab Connection"),
    "connection-types": Picture(("1", "n"), "PickList: Connection Type"),
    "connection-form": Picture(("1", "n", "v", "enter"), "FormScreen: New Vault to Vault connection"),
    "external-form": Picture(("1", "n", "e", "x", "enter"), "FormScreen: New External connection"),
    "local-form": Picture(("1", "n", "l", "o", "c", "enter"), "FormScreen: New Local connection"),
    "edit-connection": Picture(("1", "e"), "FormScreen: Edit Lab Connection"),
    "duplicate": Picture(("1", "C"), "FormScreen: Duplicate Lab Connection"),
    "download": Picture(find("walk", "w"), "FormScreen: Download Connection File", 1001, walk),
    "connect": Picture(("1", "o"), "FileChooser: Connect from File"),
    "approval": Picture(find("walk", "c"), "Dialog: Complete Walk", 1001, uploaded),
    "reset": Picture(("1", "t"), "Dialog: Reset Connection"),
    "signing": Picture(("1", "m"), "ManageCertificate: Manage Signing Certificate: Lab Connection"),
    "signing-rollover": Picture(
        ("1", "m"), "ManageCertificate: Manage Signing Certificate: Lab Connection", 1001, two_certificates
    ),
    "clients": Picture(("1", "i"), "PickList: Connection Clients of Lab Connection"),
    "client-form": Picture(("1", "i", *"add", "enter"), "FormScreen: New client ID of Lab Connection"),
    "filtering": Picture(("1", "f"), "Dialog: Turn Client ID Filtering on in Source?"),
    "authorizations": Picture(("1", "a"), "PickList: Authorizations"),
    "basic-auth-form": Picture(("1", "a", *"basic", "enter"), "FormScreen: New Authorization: Basic Auth"),
    "client-credential-form": Picture(
        ("1", "a", *"client", "enter"), "FormScreen: New Authorization: Client Credential"
    ),
    "identifiers": Picture(("1", "I"), "FormScreen: Person Identifiers of Lab Connection"),
    "connection-stats": Picture(("1", "h"), "StatsPage: Connection Stats: Lab Connection"),
    "run-connection": Picture(("1", "r"), "PickList: Run now for Lab Connection"),
    "doctor": Picture(("1", "D"), "PageScreen: Doctor: Lab Connection"),
    "delete-connection": Picture(find("walk", "delete"), "TypedName: Delete Walk", 1001, walk),
    "doctor-of-a-side": Picture(("1", "S", "D"), "PageScreen: Doctor: Lab Connection of Source"),
    "split-half": Picture(find("walk", "S"), "SplitScreen", 1001, walk),
    "hand-over": Picture(
        find("walk", "S", "o", "enter", "f"), "Dialog: Hand the connection file of Source over to Target", 1001, walk
    ),
    # Reference lookups
    "lookup-types": Picture(("1", "l", "n"), "PickList: Type of the lookup", 1002, fill_lookups),
    "generic-lookup-form": Picture(
        ("1", "l", "n", *"gen", "enter"), "FormScreen: New Generic lookup of Lab Connection", 1002, fill_lookups
    ),
    "object-lookup-form": Picture(
        ("1", "l", "n", *"obj", "enter"), "FormScreen: New Object lookup of Lab Connection", 1002, fill_lookups
    ),
    "edit-lookup": Picture(("1", "l", "e"), "FormScreen: Edit Codes", 1002, fill_lookups),
    "delete-lookup": Picture(("1", "l", "delete"), "Confirm: Delete this reference lookup?", 1002, fill_lookups),
    "add-key": Picture(("1", "l", "enter", "n"), "FormScreen: New key of Codes", 1002, fill_lookups),
    "edit-key": Picture(("1", "l", "enter", "e"), "FormScreen: Key of Codes", 1002, fill_lookups),
    "remove-key": Picture(("1", "l", "enter", "delete"), "Confirm: Remove “often__c”?", 1002, fill_lookups),
    "add-missing": Picture(("1", "l", "m", "enter"), "FormScreen: New key of Codes", 1002, fill_lookups),
    "forget-missing": Picture(("1", "l", "m", "f"), "Confirm: Forget 2 missing keys?", 1002, fill_lookups),
    "export-keys": Picture(("1", "l", "w"), "FormScreen: Export Codes", 1002, fill_lookups),
    "mapping-file": Picture(("1", "l", "l"), "FileChooser: Load into Codes", 1002, fill_lookups),
    "report": Picture(("1", "l", "l", "enter"), "LoadReportScreen: Load codes.csv into Codes", 1002, fill_lookups),
    # Integrations, points and rules
    "dry-run": Picture(("2", "d"), "PageScreen: Dry run: Product Integration"),
    "integration-form": Picture(("2", "n"), "FormScreen: New custom integration"),
    "edit-integration": Picture(("2", "e"), "FormScreen: Edit Product Integration"),
    "settings": Picture(("2", "c"), "FormScreen: Settings of Product Integration", 1002),
    "last-run": Picture(("2", "l"), "FormScreen: Last Successful Run Time of Product Integration"),
    "export-what": Picture(("2", "w"), "PickList: Export the rules of", 1002),
    "mdl-file": Picture(("2", "o"), "FileChooser: Import rules from MDL", 1002),
    "delete-integration": Picture(("2", "delete"), "TypedName: Delete Product Integration", 1001, inactive),
    "add-part": Picture(("2", "enter", "n"), "PickList: Add to the integration", 1002),
    "inbound-point-form": Picture(
        ("2", "enter", "home", "n", *"inb", "enter"), "FormScreen: New inbound integration point", 1002
    ),
    "outbound-point-form": Picture(
        ("2", "enter", "home", "n", *"out", "enter"), "FormScreen: New outbound integration point", 1002
    ),
    "edit-point": Picture(("2", "enter", "home", "e"), "FormScreen: Edit Product Outbound Point"),
    "watched-form": Picture(("2", "enter", "home", "n", *"watch", "enter"), "FormScreen: Watch an object"),
    "rule-form": Picture(
        ("2", "enter", "home", "n", *"integration rule", "enter"), "LiveFormScreen: New integration rule", 1002
    ),
    "edit-rule": Picture(("2", "enter", "down", "e"), "LiveFormScreen: Edit Product Rule", 1002),
    "field-rule-form": Picture(("2", "enter", "down", "n", "enter"), "LiveFormScreen: New field rule", 1002),
    "query-rule-form": Picture(
        ("2", "enter", "down", "n", *"query", "enter"), "LiveFormScreen: New query object rule", 1002
    ),
    "export-rules": Picture(("2", "enter", "down", "w"), "FormScreen: Export the rules of Product Rule", 1002),
    "delete-rule": Picture(("2", "enter", "down", "delete"), "Confirm: Delete this integration rule?", 1002),
    "dry-run-point": Picture(("2", "enter", "d"), "PageScreen: Dry run: Product Inbound Point", 1002),
    # Queues and messages
    "queue-types": Picture(("3", "n"), "PickList: Queue Type"),
    "outbound-queue-form": Picture(("3", "n", *"outb", "enter"), "FormScreen: New Outbound queue"),
    "inbound-queue-form": Picture(("3", "n", *"inb", "enter"), "FormScreen: New Inbound queue"),
    "edit-queue": Picture(("3", "e"), "FormScreen: Edit Lab Outbound"),
    "serve": Picture(("3", "c"), "FormScreen: Add a connection to Lab Outbound"),
    "served": Picture(("3", "E"), "PickList: Edit a connection of Lab Outbound"),
    "edit-served": Picture(("3", "E", "enter"), "FormScreen: Lab Connection in Lab Outbound"),
    "unserve-which": Picture(("3", "C"), "PickList: Remove a connection from Lab Outbound"),
    "unserve": Picture(("3", "C", "enter"), "Confirm: Remove Lab Connection?", 1002),
    "put-message": Picture(("3", "P"), "FormScreen: Put a Spark message on Lab Outbound"),
    "reset-queue": Picture(("3", "X"), "TypedName: Reset queue"),
    "delete-queue": Picture(("3", "slash", *"spare", "enter", "delete"), "TypedName: Delete queue", 1001, spare_queue),
    "filter-messages": Picture(("9", "F"), "FormScreen: Filter messages"),
    "signature": Picture(("9", "c"), "Dialog: Signature"),
    "records-of-message": Picture(("9", "t"), "PickList: Records of message 00000000"),
    "explain-message": Picture(("9", "e"), "PageScreen: Explain: message 00000000"),
    # Certificates
    "rollover-form": Picture(("4", "n"), "FormScreen: Start a rollover"),
    "rollover": Picture(("4",), "CertificatesScreen", 1001, two_certificates),
    "pem-form": Picture(("4", "w"), "FormScreen: Download certificate 00001"),
    # Exceptions
    "retries": Picture(("5", "r", "T"), "PickList: Retry Transfers", 1002),
    "retry": Picture(("5", "r", "T", "enter"), "Dialog: Retry Transfer 1", 1002),
    "retry-listed": Picture(("5", "R"), "Dialog: Retry Transfer", 1002),
    "narrow-exceptions": Picture(("5", "f"), "FormScreen: Narrow the list", 1002),
    "explain-exception": Picture(("5", "e"), "PageScreen: Explain: exception 1", 1002),
    "dry-run-retry": Picture(("5", "d"), "PageScreen: Dry run: retry of exception 1", 1002),
    "records-of-exception": Picture(("5", "t"), "PickList: Records of exception 1", 1002),
    "bell": Picture(("5", "b"), "Dialog: Notification of new user exceptions", 1002),
    # Records
    "form": Picture(("6", "E"), "RecordFormScreen: Product: Product 001 (V0A000000001002)"),
    "record-form": Picture(("6", "n"), "RecordFormScreen: New Product"),
    "objects": Picture(("6", "o"), "PickList: Object"),
    "trace": Picture(("6", "t"), "PageScreen: Trace: V0A000000001002 of Source"),
    "explain-record": Picture(("6", "e"), "PageScreen: Explain: Product 001"),
    "search-partner": Picture(("6", "N"), "PickList: Product: search Source", 1002, searched),
    "user-actions": Picture(("6", "a"), "PickList: User actions of Product 001", 1001, acted_on),
    "delete-record": Picture(("6", "delete"), "Dialog: Delete this record?"),
    "document-state": Picture(("6", "o", *"docu", "enter", "S"), "PickList: Lifecycle state", 1001, documents),
    # Jobs and audit
    "run-jobs": Picture(("7", "r"), "PickList: Run now in Source"),
    "limits": Picture(("7", "c"), "FormScreen: Time limits of the jobs of Source"),
    "records-of-run": Picture(("7", "t"), "PickList: Records of run 3"),
    "filter-audit": Picture(("8", "n"), "FormScreen: Filter the audit trail"),
    # VQL
    "query": Picture(("f8",), "QueryScreen"),
    "query-rows": Picture(("f8", *QUERY, "enter"), "QueryScreen"),
    "query-refused": Picture(("f8", *QUERY.replace("BY ", ""), "enter"), "QueryScreen"),
    "query-history": Picture(("f8", *QUERY, "enter", "h"), "PickList: Earlier queries"),
    "export-query": Picture(("f8", *QUERY, "enter", "w"), "FormScreen: Export the rows"),
    "query-objects": Picture(("f8", "escape", "n"), "PickList: Query the records of"),
    "trends": Picture(("7", "h"), "ChartsScreen: Last day of Source"),
    # Where there is nothing yet
    "no-vault": Picture((), "HomeScreen", app=lambda store: console(store, vault=None, user=None, area="home")),
    "beginning": Picture((), "PickList: This store is empty. What shall it begin with?", app=unbegun),
    "welcome": Picture(("enter",), "Dialog: Welcome", app=unbegun),
    "no-connection": Picture(("1",), "ConnectionsScreen", app=bare_lab),
    "no-message": Picture(("9",), "MessagesScreen", app=bare_lab),
    "no-exception": Picture(("5",), "ExceptionsScreen", app=bare_lab),
}
