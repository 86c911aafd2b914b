"""Let Main catch up with Node A."""

from cluster.management.recovery import RecoveryCommand
from cluster.protocol.names import NodeName
from cluster.protocol.sentences import NEXT_STEP


class Command(RecoveryCommand):
    """Main, after it was down and Node A took the writes."""

    help = "Let Main replay what it missed while Node A took the writes. May be interrupted and repeated."

    def act(self, **options: object) -> None:
        """Recover it and name the next step."""
        self.recover(NodeName.MAIN)
        self.say(NEXT_STEP)
