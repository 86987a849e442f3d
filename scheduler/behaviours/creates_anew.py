"""An update whose target record is gone creates a new one: Studies and Study Sites in Medical CRM (seed S4).

Everywhere else a connection ceases to update a record that was deleted on either side (seed S1, limitations).
"""

from scheduler.behaviour import Behaviour


class CreatesAnew(Behaviour):
    """Has targets that were deleted created again."""

    about = "Where the target record was deleted, an update of the source creates a new one."
    creates_anew = True


BEHAVIOUR = CreatesAnew()
