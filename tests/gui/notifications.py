# SPDX-License-Identifier: GPL-3.0-or-later
"""A notification daemon, and the bus as it sees it: what programs show it, and what it calls."""

import threading

import gi

gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

NAME = 'org.freedesktop.Notifications'
INTERFACE = '''
<node><interface name="org.freedesktop.Notifications">
  <method name="GetCapabilities"><arg type="as" direction="out"/></method>
  <method name="GetServerInformation">
    <arg type="s" direction="out"/><arg type="s" direction="out"/>
    <arg type="s" direction="out"/><arg type="s" direction="out"/>
  </method>
  <method name="CloseNotification"><arg type="u" direction="in"/></method>
  <method name="Notify">
    <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
    <arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/>
  </method>
  <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
</interface></node>'''


class Notification:
    """What a program asks to be shown."""

    def __init__(self, number, sender, parameters):
        self.number, self.sender = number, sender
        _, _, _, self.title, self.body, self.actions, _, _ = parameters
        self.is_shown = True

    def button(self, label):
        """The action of the button that is called so."""
        return self.actions[self.actions.index(label) - 1]


class Notifications:
    """Answers on a thread of its own, as long as the process lives."""

    def __init__(self, address):
        self.shown = []
        self.bus = Gio.DBusConnection.new_for_address_sync(
            address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self.ready = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()
        self.ready.wait()

    def serve(self):
        context = GLib.MainContext()
        context.push_thread_default()
        info = Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0]
        self.bus.register_object('/org/freedesktop/Notifications', info, self.on_call, None, None)
        self.call('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                  'RequestName', GLib.Variant('(su)', (NAME, 0)))
        self.ready.set()
        GLib.MainLoop(context).run()

    def on_call(self, _bus, sender, _path, _interface, method, parameters, invocation):
        answer = None
        if method == 'GetCapabilities':
            answer = GLib.Variant('(as)', (['actions', 'body', 'persistence'],))
        elif method == 'GetServerInformation':
            answer = GLib.Variant('(ssss)', ('test', 'test', '1', '1.2'))
        elif method == 'CloseNotification':
            for notification in self.shown:
                notification.is_shown &= notification.number != parameters[0]
        elif method == 'Notify':
            self.shown.append(Notification(len(self.shown) + 1, sender, parameters.unpack()))
            answer = GLib.Variant('(u)', (len(self.shown),))
        invocation.return_value(answer)

    def find(self, app, title):
        """The notification of a program with this title that was shown last; None if none is."""
        for notification in reversed(self.shown):
            if notification.title == title and self.process(notification.sender) == app.child.pid:
                return notification
        return None

    def press(self, notification, action):
        """What pressing a button of it does; `default`: the notification itself."""
        self.bus.emit_signal(notification.sender, '/org/freedesktop/Notifications', NAME,
                             'ActionInvoked', GLib.Variant('(us)', (notification.number, action)))

    # --- the bus -------------------------------------------------------------------------------

    def call(self, *arguments):
        return self.bus.call_sync(*arguments, None, Gio.DBusCallFlags.NONE, 20000, None)

    def ask_bus(self, method, parameters=None):
        return self.call('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                         method, parameters).unpack()[0]

    def process(self, name):
        """The process that a name on the bus belongs to; None once it is gone."""
        try:
            return self.ask_bus('GetConnectionUnixProcessID', GLib.Variant('(s)', (name,)))
        except GLib.Error:
            return None

    def activate(self, app, action, *parameters):
        """Calls an action of a program, such as `show`, as the desktop does."""
        name = next(name for name in self.ask_bus('ListNames')
                    if name.startswith(':') and self.process(name) == app.child.pid
                    and self.has_actions(name))
        self.call(name, '/io/github/porthole/Porthole', 'org.gtk.Actions', 'Activate',
                  GLib.Variant('(sava{sv})', (action, parameters, {})))

    def has_actions(self, name):
        try:
            self.call(name, '/io/github/porthole/Porthole', 'org.gtk.Actions', 'List', None)
            return True
        except GLib.Error:
            return False
