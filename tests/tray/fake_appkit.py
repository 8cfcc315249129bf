# ruff: noqa: N802 - the names are the systems' own
"""AppKit as far as a menu bar icon needs it, with the rules that end a real process: everything on the main thread,
and (our own rule) an open menu is never changed.

Objects have state and tests look at that: which picture the button shows, which rows an open menu holds. It knows
nothing of drawing, run-loop modes or permissions.
"""

import queue
import sys
import threading
import types
import weakref


class OffMain(BaseException):
    """What is SIGTRAP on macOS 26 and later. No `except Exception` swallows it."""


class OpenMenuChanged(BaseException):
    pass


class EndedInC(BaseException):
    """The process, by exit(): nothing after it runs."""


broken: list[BaseException] = []


def on_main(method):
    def checked(*args):
        if threading.current_thread() is not threading.main_thread():
            broken.append(OffMain(method.__qualname__))
            raise broken[-1]
        return method(*args)

    return checked


class Strict(type):
    """Every method of a class checks its thread, but for those that AppKit allows on any."""

    def __new__(cls, name, bases, members):
        free = members.get("ANY_THREAD", ())
        for key, value in list(members.items()):
            if isinstance(value, types.FunctionType) and not key.startswith("__") and key not in free:
                members[key] = on_main(value)
        return super().__new__(cls, name, bases, members)


class NSObject:
    @classmethod
    def alloc(cls):
        return cls()

    def init(self):
        return self


class NSMenuItem(metaclass=Strict):
    def __init__(self, separator=False):
        self.separator, self.title, self.action = separator, "", None
        self.target = self.submenu = self.tag_number = None
        self.state, self.enabled, self.bold = 0, True, False

    @staticmethod
    def alloc():
        return NSMenuItem()

    @staticmethod
    def separatorItem():
        return NSMenuItem(separator=True)

    def initWithTitle_action_keyEquivalent_(self, title, action, key):
        assert isinstance(title, str)
        assert key == ""
        self.title, self.action = title, action
        return self

    def setSubmenu_(self, menu):
        self.submenu = menu

    def setAction_(self, action):
        self.action = action

    def setTarget_(self, target):
        self.target = target

    def setTag_(self, number):
        self.tag_number = number

    def tag(self):
        return self.tag_number

    def setState_(self, state):
        self.state = state

    def setEnabled_(self, enabled):
        self.enabled = enabled

    def setAttributedTitle_(self, _title):
        self.bold = True


class NSMenu(metaclass=Strict):
    made = 0

    def __init__(self):
        NSMenu.made += 1
        self.rows, self.delegate, self.is_open = [], None, False

    @staticmethod
    def alloc():
        return NSMenu()

    def initWithTitle_(self, _title):
        return self

    def setAutoenablesItems_(self, on):
        assert on is False

    def setDelegate_(self, delegate):
        self.delegate = delegate

    def _change(self):
        if self.is_open:
            broken.append(OpenMenuChanged())
            raise broken[-1]

    def removeAllItems(self):
        self._change()
        self.rows = []

    def addItem_(self, item):
        self._change()
        self.rows.append(item)


class NSImage(metaclass=Strict):
    def __init__(self):
        self.png, self.points, self.template = b"", None, False

    @staticmethod
    def alloc():
        return NSImage()

    def initWithData_(self, data):
        self.png = data
        return self

    def setSize_(self, points):
        self.points = points

    def setTemplate_(self, on):
        self.template = on


class NSPasteboard(metaclass=Strict):
    def __init__(self):
        self.text = None

    def clearContents(self):
        self.text = None

    def setString_forType_(self, text, kind):
        assert kind == "public.utf8-plain-text"
        self.text = text
        return True


class NSButton(metaclass=Strict):
    def __init__(self):
        self.image = self.tooltip = None
        self.hidden = True

    def setTarget_(self, target):
        self.target = target

    def setAction_(self, action):
        self.action = action

    def setImage_(self, image):
        self.image = image

    def setToolTip_(self, text):
        self.tooltip = text

    def setHidden_(self, hidden):
        self.hidden = hidden


class NSStatusItem(metaclass=Strict):
    def __init__(self):
        self.the_button, self.menu, self.menus_set, self.autosave = NSButton(), None, 0, None

    def button(self):
        return self.the_button

    def setMenu_(self, menu):
        self.menu = menu
        self.menus_set += 1

    def setAutosaveName_(self, name):
        self.autosave = name


class NSStatusBar(metaclass=Strict):
    def __init__(self):
        self.items = []

    def statusItemWithLength_(self, _length):
        self.items.append(NSStatusItem())
        return self.items[-1]

    def removeStatusItem_(self, item):
        self.items.remove(item)

    def thickness(self):
        return 22.0


class NSApplication(metaclass=Strict):
    ANY_THREAD = ("stop_", "postEvent_atStart_", "later")

    def __init__(self):
        self.events, self.stopping, self.policy, self.delegate = queue.Queue(), False, None, None

    def setActivationPolicy_(self, policy):
        self.policy = policy

    def stop_(self, _sender):
        self.stopping = True

    def postEvent_atStart_(self, _event, _start):
        self.events.put(lambda: None)

    def later(self, work):
        self.events.put(work)

    def setDelegate_(self, delegate):
        self.delegate = weakref.ref(delegate)

    def terminate_(self, _sender):
        """The delegate may keep it from ending (NSTerminateCancel); the process ends in C where it does not."""
        delegate = self.delegate() if self.delegate is not None else None
        if delegate is not None and delegate.applicationShouldTerminate_(self) == 0:
            return
        raise EndedInC

    def run(self):
        while not self.stopping:
            self.events.get(timeout=10)()


class NotificationCenter(metaclass=Strict):
    """Like Apple's it does not keep its observers alive."""

    def __init__(self):
        self.observers = []

    def addObserver_selector_name_object_(self, observer, selector, name, _object):
        self.observers.append((weakref.ref(observer), selector.decode().replace(":", "_"), name))

    def post(self, name):
        for observer, method, wanted in self.observers:
            if wanted == name:
                getattr(observer(), method)(object())


class Mac:
    """The modules to put into `sys.modules`, and a person with a mouse."""

    def __init__(self):
        broken.clear()
        self.app, self.bar, self.signals, self.activities = NSApplication(), NSStatusBar(), {}, []
        self.center, self.board = NotificationCenter(), NSPasteboard()
        self.modules = {}
        self._appkit()
        self._foundation()
        self._rest()

    def _module(self, name, **members):
        self.modules[name] = module = types.ModuleType(name)
        vars(module).update(members)
        return module

    def _appkit(self):
        event = types.SimpleNamespace(
            otherEventWithType_location_modifierFlags_timestamp_windowNumber_context_subtype_data1_data2_=lambda *_: (
                None
            )
        )
        self._module(
            "AppKit",
            NSApplication=types.SimpleNamespace(sharedApplication=lambda: self.app),
            NSStatusBar=types.SimpleNamespace(systemStatusBar=lambda: self.bar),
            NSVariableStatusItemLength=-1,
            NSMenu=NSMenu,
            NSMenuItem=NSMenuItem,
            NSImage=NSImage,
            NSPasteboard=types.SimpleNamespace(generalPasteboard=lambda: self.board),
            NSPasteboardTypeString="public.utf8-plain-text",
            NSOnState=1,
            NSOffState=0,
            NSApplicationActivationPolicyAccessory=1,
            NSApplicationDefined=15,
            NSTerminateCancel=0,
            NSTerminateNow=1,
            NSPoint=lambda x, y: (x, y),
            NSEvent=event,
            NSWorkspace=types.SimpleNamespace(
                sharedWorkspace=lambda: types.SimpleNamespace(notificationCenter=lambda: self.center)
            ),
            NSWorkspaceWillPowerOffNotification="NSWorkspaceWillPowerOffNotification",
        )

    def _foundation(self):
        mac = self

        class NSProcessInfo(metaclass=Strict):
            def beginActivityWithOptions_reason_(self, _options, reason):
                mac.activities.append(reason)
                return reason

            def endActivity_(self, activity):
                mac.activities.remove(activity)

        self._module(
            "Foundation",
            NSObject=NSObject,
            NSData=bytes,
            NSProcessInfo=types.SimpleNamespace(processInfo=NSProcessInfo),
            NSActivityUserInitiatedAllowingIdleSystemSleep=0x00EFFFFF,
        )

    def _rest(self):
        def named_selector(name):
            def mark(method):
                method.selector = name
                return method

            return mark

        self._module("objc", namedSelector=named_selector)

        def signal(number, handler):
            previous, self.signals[number] = self.signals.get(number), handler
            return previous

        mach = self._module("PyObjCTools.MachSignals", signal=signal, getsignal=self.signals.get)
        helper = self._module(
            "PyObjCTools.AppHelper", callAfter=lambda work, *args: self.app.later(lambda: work(*args))
        )
        self._module("PyObjCTools", MachSignals=mach, AppHelper=helper)

    # --- a person ---

    @property
    def item(self):
        return self.bar.items[0]

    @property
    def menu(self):
        return self.item.menu

    def open_menu(self):
        self.menu.delegate.menuNeedsUpdate_(self.menu)
        self.menu.delegate.menuWillOpen_(self.menu)
        self.menu.is_open = True
        return list(self.menu.rows)

    def close_menu(self):
        self.menu.is_open = False
        self.menu.delegate.menuDidClose_(self.menu)

    def choose(self, row):
        """AppKit closes the menu, then sends the row's action to its target."""
        assert row.enabled
        self.close_menu()
        send(row.target, row.action, row)

    def log_out(self):
        self.center.post("NSWorkspaceWillPowerOffNotification")

    def click_icon(self):
        """A left click: with a menu set, AppKit opens it; the button's own action is only for an item without one."""
        if self.menu is None:
            send(self.item.button().target, self.item.button().action, self.item.button())
        else:
            self.open_menu()
            self.close_menu()


def send(target, selector, sender):
    for name in dir(target):
        if getattr(getattr(target, name), "selector", None) == selector:
            getattr(target, name)(sender)
            return
    raise AttributeError(selector)


def install(monkeypatch):
    mac = Mac()
    for name, module in mac.modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return mac
