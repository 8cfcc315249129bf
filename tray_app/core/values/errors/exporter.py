"""What keeps `metrics` from beginning."""

from enum import StrEnum

from tray_app.core.values.errors.base import ElbowroomError


class ExporterProblem(StrEnum):
    """What keeps the exporter from listening."""

    PORT_TAKEN = "port-taken"
    NOT_ALLOWED = "not-allowed"  # ports below 1024 are the administrator's
    NO_SUCH_ADDRESS = "no-such-address"  # not one of this machine's


class ExporterError(ElbowroomError):
    """`address` is where it should listen; `detail` is the system's own text."""

    def __init__(self, problem: ExporterProblem, address: str, detail: str = "") -> None:
        super().__init__(problem.value, address, detail)
        self.problem = problem
        self.address = address
        self.detail = detail


class LibraryMissing(ElbowroomError):
    """prometheus_client is not installed with this copy of ours; `command` gets it, to be typed as it is."""

    def __init__(self, command: tuple[str, ...]) -> None:
        super().__init__(*command)
        self.command = command
