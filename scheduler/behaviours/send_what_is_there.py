"""What is there already is sent as well when the integration is activated for the first time (RIM-PromoMats)."""

from scheduler.behaviour import Behaviour


class SendWhatIsThere(Behaviour):
    """Nothing to step in for: activation leaves the time of the last send empty (`models.services.integrations`)."""

    about = "What is there already is sent when the integration is activated for the first time."


BEHAVIOUR = SendWhatIsThere()
