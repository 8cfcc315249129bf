"""The tray alone, without a worker: shows frames that it is told by number on stdin and prints what clicks send."""

import logging
import sys
import threading

from tray_app.core.menu.screen import SEPARATOR, Button, MenuView, NoticeView, Row, Shape, View
from tray_app.core.values.command import ApplyRemedy, Quit, Refresh, Snooze, SnoozeUntil
from tray_app.core.values.errors.life import TrayUnavailable
from tray_app.core.values.plan import Change, Plan
from tray_app.core.values.remedy import Reason, SwitchOff
from tray_app.core.values.task_settings import Setting
from tray_app.tray.tray import open_tray

REMEDY = SwitchOff(
    task=Setting.FOLLOW_UPS, plan=Plan((Change(Setting.FOLLOW_UPS, True, False),)), reason=Reason.EVERY_MESSAGE
)
HOSTILE = "a<b>b</b> & \U0001f999 snake_case __x__ \u0645\u0631\u062d\u0628\u0627"


def rows(number):
    return (
        Row(f"Overloaded: {number} requests wait", Refresh(), id="headline"),
        SEPARATOR,
        Row(f"Turn follow-ups off ({number})", ApplyRemedy(REMEDY), id="fix"),
        Row(HOSTILE, Snooze(SnoozeUntil.HOUR), id="hostile"),
        Row(
            "Switches",
            children=(
                Row("Titles", Snooze(SnoozeUntil.NOW), checked=True, id="titles"),
                Row("Tags", Snooze(SnoozeUntil.TOMORROW), checked=False, id="tags"),
                Row("one", Refresh(), checked=number % 2 == 0, radio=True, id="one"),
            ),
            id="switches",
        ),
        Row("Only told", id="told"),
        Row("Quit", Quit(), id="quit"),
    )


SHAPES = (Shape.CALM, Shape.TIGHT, Shape.OVERLOADED, Shape.UNKNOWN, Shape.CALM, Shape.WORKING)


def view(number):
    return View(SHAPES[number % len(SHAPES)], f"Overloaded: {number}", MenuView(rows(number)))


def main():
    logging.basicConfig(level=logging.WARNING)

    def send(command):
        remedy = [command.remedy.id] if isinstance(command, ApplyRemedy) else []
        print("sent", command, *remedy, flush=True)
        if isinstance(command, Quit):
            tray.stop()

    try:
        tray = open_tray(send)
    except TrayUnavailable as error:
        print("unavailable", error.problem.value, error.detail, flush=True)
        return 1

    def obey():
        for line in sys.stdin:
            verb, _, argument = line.strip().partition(" ")
            if verb == "show":
                tray.show(view(int(argument)))
            elif verb == "rows":  # as frame 9, and so many rows more
                more = tuple(
                    Row(f"Further {number}", Refresh(), id=f"more-{number}") for number in range(int(argument))
                )
                tray.show(View(SHAPES[3], "Overloaded: 9", MenuView((*rows(9), *more))))
            elif verb == "copy":
                tray.copy(argument)
            elif verb == "burst":
                for number in range(int(argument) + 1):
                    tray.show(view(number))
            elif verb == "notify":
                button = Button("Turn it off", ApplyRemedy(REMEDY))
                tray.notify(NoticeView("Overloaded", f"{argument} <b>&", "cause", (button,), urgent=True))

    threading.Thread(target=obey, daemon=True).start()
    tray.show(view(3))
    tray.run(started=lambda: print("started", flush=True))
    print("ended", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
