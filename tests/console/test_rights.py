"""What the acting user may not do stands as disabled beforehand, with the permission that is missing."""

from typing import Any

import pytest

from console import permissions
from console.app import ConsoleApp
from console.modals.form import FormScreen
from console.screens.certificates import CertificatesScreen
from console.screens.chrome import FramedScreen
from console.screens.connections import ConnectionsScreen
from console.screens.exceptions import ExceptionsScreen
from console.screens.home import HomeScreen
from console.screens.integrations import IntegrationsScreen
from console.screens.jobs import JobsScreen
from console.screens.messages import MessagesScreen
from console.screens.queue_log import QueueLogScreen
from console.screens.queues import QueuesScreen
from console.screens.records import RecordsScreen
from console.screens.split import SplitScreen
from console.widgets.key_bar import KeyBar
from models.permissions import Permission, Right, grants, object_permission, only_looks
from models.services.vaults import create_profile, create_user
from models.store import Store
from tests.console.lab import area, console, fill, lines, press, settle
from tests.console.test_connection_actions import WIDE, said, told

READER = "reader@lab.example.com"
NOBODY = "nobody@lab.example.com"
AREAS = {"connections": "1", "integrations": "2", "queues": "3", "certificates": "4", "exceptions": "5"} | {
    "records": "6",
    "jobs": "7",
}
LOOKING = frozenset(
    {
        "about",
        "active",
        "all",
        "connection",
        "doctor",
        "dry_run",
        "earlier",
        "everywhere",
        "explain",
        "export",
        "follow",
        "later",
        "narrow",
        "lookups",
        "messages",
        "moved",
        "object",
        "other",
        "parts",
        "retries",
        "partner",
        "save",
        "signature",
        "signing",
        "split",
        "stats",
        "trace",
        "trends",
    }
)
"""Actions that need nothing: they only look, or write no more than a file of the person's own."""


def missing(app: Any) -> dict[str, str]:
    """Why each action of the screen in front would be refused to the acting user."""
    screen = area(app)
    return {action.name: screen.lacking(action) for action in screen.ACTIONS}


def footer(app: Any) -> dict[str, bool]:
    """What the footer shows, and whether it stands as disabled."""
    return {key.label: not key.enabled for key in app.screen.query_one(KeyBar).keys}


def test_the_labels_are_those_of_the_permissions() -> None:
    labels = {name: value for name, value in vars(permissions).items() if name.isupper() and name != "OBJECT"}
    general = {name: value for name, value in labels.items() if "{" not in value}
    assert general == {name: Permission[name].value for name in general}
    assert {value for value in labels.values() if "{" in value} == {
        object_permission(permissions.OBJECT, right) for right in Right
    }


def test_a_right_to_every_object_is_one_to_each_but_not_to_the_exceptions() -> None:
    every = frozenset({object_permission("*", Right.READ)})
    assert grants(every, object_permission("product__v", Right.READ))
    assert not grants(every, object_permission("product__v", Right.EDIT))
    assert not grants(every, Permission.READ_EXCEPTIONS)
    assert only_looks(object_permission("product__v", Right.READ))
    assert not only_looks(object_permission("product__v", Right.EDIT))


def test_every_action_that_changes_something_says_what_it_needs() -> None:
    screens: dict[str, type[FramedScreen]] = {
        "home": HomeScreen,
        "connections": ConnectionsScreen,
        "split": SplitScreen,
        "integrations": IntegrationsScreen,
        "queues": QueuesScreen,
        "queue log": QueueLogScreen,
        "certificates": CertificatesScreen,
        "exceptions": ExceptionsScreen,
        "records": RecordsScreen,
        "jobs": JobsScreen,
        "messages": MessagesScreen,
    }
    for name, screen in screens.items():
        free = {action.name for action in screen.ACTIONS if not action.permissions and not action.changes}
        assert free <= LOOKING, f"{name}: what is not in LOOKING must say what it needs"
    assert {action.name for action in ConsoleApp.ACTIONS if action.permissions or action.changes} == {
        "pause",
        "step",
        "faster",
        "slower",
        "sandbox",
        "refresh",
        "undo",
        "redo",
        "snapshots",
        "vault_settings",
    }


@pytest.mark.parametrize(
    ("name", "action", "label"),
    [
        ("connections", "run", "Application: Manage Integrations"),
        ("integrations", "toggle", "Application: Manage Connections"),
        ("integrations", "run", "Application: Manage Integrations"),
        ("queues", "log", "Admin: Queue Log"),
        ("exceptions", "retry", "Application: Manage Integrations"),
        ("records", "edit", "Object: product__v: Edit"),
        ("records", "new", "Object: product__v: Create"),
        ("records", "delete", "Object: product__v: Delete"),
        ("jobs", "run", "Application: Manage Integrations"),
    ],
)
async def test_a_reader_is_told_which_permission_is_missing(store: Store, name: str, action: str, label: str) -> None:
    fill(store)
    app = console(store, user=READER)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, AREAS[name])
        assert missing(app)[action] == f"The permission {label} is missing."
        found = next(item for item in area(app).ACTIONS if item.name == action)
        await press(pilot, found.key)
        assert label in told(app)
        commands = {item.title: item.help for item in app.get_system_commands(app.screen)}
        assert commands[found.label] == f"✕ The permission {label} is missing."
        await press(pilot, "x", *found.label.lower(), "enter")
        assert label in app.screen.query_one("Reason").text  # type: ignore[attr-defined]


async def test_the_footer_shows_what_would_be_refused_as_disabled_and_another_user_has_other_rights(
    store: Store,
) -> None:
    fill(store)
    app = console(store, user=READER)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        shown = footer(app)
        assert shown["Edit"]
        assert not shown["Object"]
        await press(pilot, "u", *"admin", "enter")
        assert not footer(app)["Edit"]
        await press(pilot, "2")
        assert not any(footer(app).values())
        await press(pilot, "u", *"reader", "enter")
        assert footer(app)["Activate"]


async def test_a_field_of_a_record_is_not_opened_to_who_may_not_edit_it(store: Store) -> None:
    fill(store)
    app = console(store, user=READER)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "enter", "down", "enter")
        assert not isinstance(app.screen, FormScreen)
        assert "Object: product__v: Edit is missing" in told(app)


@pytest.mark.parametrize("name", AREAS)
async def test_a_read_only_console_refuses_whatever_changes_something_before_it_is_tried(
    store: Store, name: str
) -> None:
    fill(store)
    app = console(store, read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, AREAS[name])
        refused = {action for action, why in missing(app).items() if "read-only" in why}
        looking = {
            action.name
            for action in area(app).ACTIONS
            if not action.changes and all(map(only_looks, action.permissions))
        }
        assert looking <= LOOKING | {"log"}
        assert refused == {action.name for action in area(app).ACTIONS} - looking
        clock = {action.name: app.why_not(action) for action in app.ACTIONS}
        assert all("read-only" in clock[name] for name in ("pause", "step", "faster", "slower", "sandbox", "refresh"))
        assert not any(clock[name] for name in ("vault", "user", "go", "theme"))


async def test_who_may_see_neither_records_nor_exceptions_is_told_so_in_their_place(store: Store) -> None:
    fill(store)
    with store.write() as write:
        create_profile(write, 1001, "Nothing", ["Workflow: Start"])
        create_user(write, 1001, NOBODY, "No", "Body", "Nothing")
    app = console(store, user=NOBODY)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        assert "The permission Object: product__v: Read is missing." in "\n".join(lines(area(app).table))
        assert area(app).table.total == 0
        await press(pilot, "5")
        assert "User Exception Message: Read is missing." in " ".join(area(app).pane.text.split())
        found = missing(app)["retry"]
        assert found.startswith("The permissions Object: User Exception Item, ")
        assert found.endswith(" and Application: Manage Integrations are missing.")
        await press(pilot, "1", "m")
        assert "Manage Connections is missing" in said(app)


@pytest.mark.parametrize("name", AREAS)
async def test_the_footer_never_loses_the_way_to_all_actions_and_to_help(store: Store, name: str) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, AREAS[name])
        keys = app.screen.query_one(KeyBar).keys
        assert {"Vault", "Actions", "Help"} <= {key.label for key in keys}
        assert sum(key.width for key in keys) <= 80
