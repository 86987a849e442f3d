"""Users search the partner Vault through this point while they work: `scheduler.searching`. Nothing is sent to it."""

from scheduler.behaviour import Behaviour


class SearchOnDemand(Behaviour):
    """Marks a point; the stages have nothing to do for it."""

    about = "Users search the partner Vault through it while they make a record; no message is sent to it."


BEHAVIOUR = SearchOnDemand()
