"""The one hierarchy of errors a person may meet: what is wrong, and what to do about it."""

from collections.abc import Mapping


class ConsoleError(Exception):
    """A refusal in words.

    `title` names the kind of trouble, the message says what is wrong, and `remedy` says what to do. Screens and the
    command line show all three; neither shows a traceback.
    """

    title = "That did not work"

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class NotFound(ConsoleError):
    """Something named by a person does not exist in this Vault."""

    title = "Not found"


class NotAllowed(ConsoleError):
    """The acting user's security profile lacks a permission."""

    title = "Permission missing"


class NotPossible(ConsoleError):
    """The action does not fit the present state of the thing it acts on."""

    title = "Not possible now"


class InvalidInput(ConsoleError):
    """One or more fields hold something the Vault cannot store.

    `fields` maps a field's API name to one sentence that says what is wrong and how to put it right; all bad fields
    are named at once.
    """

    title = "Check the marked fields"

    def __init__(self, fields: Mapping[str, str], remedy: str = "") -> None:
        self.fields = dict(fields)
        super().__init__(" ".join(f"{name}: {problem}" for name, problem in self.fields.items()), remedy)


class StoreRefused(ConsoleError):
    """The store cannot be used as it is; nothing in it was touched."""

    title = "This store cannot be opened"
