# SPDX-License-Identifier: GPL-3.0-or-later
"""The window as a screen reader sees it: GTK's accessibility tree, asked over the bus each time.

What GTK 4.8 and libadwaita 1.2 show there, and how a test acts on it (README.md has the table), is
hidden behind Node: find by role and name, click(), set_text(), is_on(), rows(). Nothing is cached,
so what a Node answers is so now; one whose widget is gone raises Gone.
"""

import functools
import re

import gi

gi.require_version('Atspi', '2.0')
from gi.repository import Atspi, GLib  # noqa: E402

UNNAMED = re.compile(r'(Gtk|Adw|Ph)[A-Z]\w*')  # what GTK calls a widget that nobody named


# What people act on.
NAMED = ('push button', 'check box', 'combo box', 'spin button', 'toggle button', 'menu item',
         'list item', 'page tab', 'entry', 'text', 'slider')


class Gone(AssertionError):
    """The widget is no longer there."""


def asked(call, *arguments):
    try:
        return call(*arguments)
    except GLib.Error as error:
        raise Gone(f'a widget is gone: {error.message}') from None


def plain(name):
    """A name as people see it: GTK gives a button with a mnemonic “_Undo Undo”."""
    for cut in (len(name) // 2, len(name) // 2 + 1):
        left, right = name[:cut].rstrip(), name[cut:].lstrip()
        if '_' in left and left.replace('_', '', 1) == right:
            return right
    return name


def fits(wanted, text):
    """Whether `text` is the string wanted, or has a match of the pattern wanted."""
    if wanted is None:
        return True
    return bool(wanted.search(text)) if isinstance(wanted, re.Pattern) else wanted == text


class Node:
    """One widget of a running program; `app` is the program, which has the keyboard and mouse."""

    def __init__(self, accessible, app, parent=None):
        self.accessible = accessible
        self.app = app
        self.parent = parent

    def __repr__(self):
        try:
            return f'{self.role} “{self.name}”'
        except Gone:
            return 'a widget that is gone'

    # --- what it is ---------------------------------------------------------------------------

    @functools.cached_property
    def role(self):
        return asked(self.accessible.get_role_name)

    @property
    def name(self):
        return plain(asked(self.accessible.get_name) or '')

    @property
    def description(self):
        return asked(self.accessible.get_description) or ''

    @property
    def states(self):
        """Names such as sensitive, focused, checked, pressed, selected, expanded."""
        states = asked(self.accessible.get_state_set)
        return {state.value_nick for state in states.get_states()}

    @property
    def sensitive(self):
        return 'sensitive' in self.states

    @property
    def focused(self):
        return 'focused' in self.states

    def is_on(self):
        """Whether a switch, check button or toggle button is on."""
        return bool({'checked', 'pressed'} & self.states)

    @property
    def text(self):
        """What stands in it: an entry's text, a label's words."""
        interface = asked(self.accessible.get_text_iface)
        if interface is None:
            return self.name
        count = asked(Atspi.Text.get_character_count, interface)
        return asked(Atspi.Text.get_text, interface, 0, count) or ('' if self.editable else
                                                                   self.name)

    @property
    def editable(self):
        return asked(self.accessible.get_editable_text_iface) is not None

    @property
    def value(self):
        """The number of a spin button, scale or progress bar."""
        return asked(Atspi.Value.get_current_value, asked(self.accessible.get_value_iface))

    def extents(self):
        """(x, y, width, height) inside its window, which has no place of its own in GTK 4."""
        component = asked(self.accessible.get_component_iface)
        if component is None:
            return 0, 0, 0, 0
        box = asked(Atspi.Component.get_extents, component, Atspi.CoordType.WINDOW)
        return box.x, box.y, box.width, box.height

    def center(self):
        x, y, width, height = self.extents()
        return x + width // 2, y + height // 2

    # --- what is around it --------------------------------------------------------------------

    def children(self):
        found = []
        for number in range(asked(self.accessible.get_child_count)):
            child = asked(self.accessible.get_child_at_index, number)
            if child is not None:
                found.append(Node(child, self.app, self))
        return found

    def walk(self):
        """It and all below it; what goes while being looked at is left out."""
        yield self
        try:
            children = self.children()
        except Gone:
            return
        for child in children:
            yield from child.walk()

    def above(self):
        """What it is in, inwards out."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def is_popover(self):
        return self.role == 'menu' or self.role == 'filler' and self.name == 'GtkPopover'

    def around(self):
        """What it is in up to its window or popover, whichever comes first."""
        for node in self.above():
            yield node
            if node.is_popover():
                return

    def toplevel(self):
        return next((node for node in [self, *self.above()]
                     if node.parent is not None and node.parent.parent is None), self)

    def contains(self, x, y):
        left, top, width, height = self.extents()
        return left <= x < left + width and top <= y < top + height

    def is_shown(self):
        """Whether it is on the page that is shown: in sight, or to be scrolled to. GTK 4.8 lists
        the pages of a stack that are not shown as well, and says nothing of them that differs: so
        it is asked what would be hit by a click there."""
        if not all(self.extents()[2:]):
            return False
        around = list(self.around())
        for node in around:
            if node.role == 'scroll pane' and not node.contains(*self.center()):
                return node.is_shown()
        if any(node.is_popover() for node in [self, *around]):
            return True  # it is there only while it is open
        hit = self.hit()
        if hit is None or any(node.accessible == hit for node in around):
            return True
        while hit is not None and hit != self.accessible:
            hit = asked(hit.get_parent)
        return hit is not None

    def hit(self):
        component = asked(self.toplevel().accessible.get_component_iface)
        return asked(Atspi.Component.get_accessible_at_point, component, *self.center(),
                     Atspi.CoordType.WINDOW)

    # --- finding ------------------------------------------------------------------------------

    def find_all(self, role=None, name=None, shown=True, where=None):
        """Everything below it of this role whose name is, or matches, this one."""
        found = []
        for node in self.walk():
            try:
                if (role is None or node.role == role) and fits(name, node.name) \
                        and (where is None or where(node)) and (not shown or node.is_shown()):
                    found.append(node)
            except Gone:
                continue
        return found

    def has(self, role=None, name=None, **options):
        return bool(self.find_all(role, name, **options))

    def find(self, role=None, name=None, seconds=20, **options):
        """Waits for it to be there; the first one."""
        return self.app.until(lambda: next(iter(self.find_all(role, name, **options)), None),
                              f'{role or "something"} “{name or ""}” in {self!r}', seconds)

    def wait_gone(self, role=None, name=None, seconds=20):
        self.app.until(lambda: not self.has(role, name), f'the end of {role} “{name}”', seconds)

    def button(self, name, **options):
        return self.find('push button', name, **options)

    def label(self, name, **options):
        return self.find('label', name, **options)

    def entry(self, name, **options):
        """An entry, or an entry row, by its label or title."""
        return self.find(None, name, where=lambda node: node.editable, **options)

    def switch(self, name, **options):
        """A switch or check button by its label, or by the title of the row that it is in."""
        return self.find('check box', name, **options)

    def row(self, name, **options):
        return self.find('list item', name, **options)

    def choose(self, words):
        """Chooses from a combo row or drop-down, with the keyboard: where a popover stands that had
        to move to stay on the screen, GTK does not say."""
        opener = next((node for node in self.children() if 'click' in node.actions()), self)
        opener.click()
        items = self.app.until(lambda: self.find_all('list item', where=Node.is_in_popover),
                               f'the list of {self!r}')
        number = [item.labels() for item in items].index([words])
        self.app.press('Home', *['Down'] * number, 'Return')
        self.app.until(lambda: not self.find_all(where=Node.is_popover), 'the list to close')

    def is_in_popover(self):
        return any(node.is_popover() for node in self.above())

    def unnamed(self):
        """Everything in sight that people act on, or that shows something, and has no name: a
        screen reader has nothing to say of it. (Some widgets are two, one in the other, and the
        inner one takes the focus.)"""
        return [f'{node!r} at {node.extents()}' for node in self.find_all(
            where=lambda node: (node.role in NAMED or node.editable)
            and not node.has_name() and node.parent.role != 'combo box'
            and not any(inner.has_name() and inner.role in NAMED for inner in node.walk()))]

    def has_name(self):
        return bool(self.name) and not UNNAMED.fullmatch(self.name)

    def labels(self):
        """All the words on it, in order."""
        return [node.name for node in self.find_all('label')]

    def rows(self):
        """The rows of a column view, or of what contains one, as lists of their cells' words."""
        return [[' '.join(cell.labels()) for cell in row.find_all('table cell')]
                for row in self.find_all('table row') if row.parent.role == 'list']

    # --- acting -------------------------------------------------------------------------------

    def actions(self):
        interface = asked(self.accessible.get_action_iface)
        if interface is None:
            return []
        return [asked(Atspi.Action.get_action_name, interface, number)
                for number in range(asked(Atspi.Action.get_n_actions, interface))]

    def do(self, action):
        number = self.actions().index(action)
        asked(Atspi.Action.do_action, asked(self.accessible.get_action_iface), number)

    def click(self):
        """What a click does: by the action of that name; where GTK has none (rows, check buttons)
        with the mouse."""
        self.app.until(lambda: self.sensitive, f'{self!r} to be sensitive')
        for action in ('click', 'toggle'):
            if action in self.actions():
                self.do(action)
                return
        self.click_with_mouse()

    def click_with_mouse(self):
        self.scroll_to()
        self.app.mouse(self, *self.center())

    def turn(self, on):
        """Puts a switch, check or toggle button on or off."""
        if self.is_on() != on:
            self.click()
        self.app.until(lambda: self.is_on() == on, f'{self!r} to be {"on" if on else "off"}')

    def set_text(self, text):
        """Replaces an entry's text, as dictation does; type() is what a keyboard does."""
        asked(Atspi.EditableText.set_text_contents,
              asked(self.accessible.get_editable_text_iface), text)
        self.app.until(lambda: self.text == text, f'“{text}” to stand in {self!r}')

    def set_value(self, number):
        asked(Atspi.Value.set_current_value, asked(self.accessible.get_value_iface), number)

    def type(self, text, replace=True):
        """Clicks an entry and types; `text` is ASCII. (GTK 4.8 does not say that an entry has the
        focus: what stands in it in the end tells.)"""
        self.click_with_mouse()
        wanted = text if replace else self.text + text
        self.app.press(*(['ctrl+a', 'BackSpace'] if replace else ['End']))
        self.app.type(text)
        self.app.until(lambda: self.text == wanted, f'“{wanted}” to stand in {self!r}')

    def has_focus(self):
        return self.has(where=lambda node: node.focused, shown=False)

    def scroll_to(self):
        """Turns the wheel until its middle is in sight."""
        for pane in self.around():
            if pane.role != 'scroll pane':
                continue
            for _ in range(100):
                x, y = self.center()
                if pane.contains(x, y):
                    break
                self.app.wheel(pane, 'up' if y < pane.center()[1] else 'down')
                self.app.until(lambda was=(x, y): self.center() != was, f'{self!r} to scroll')

    def dump(self, depth=0):
        """The tree in lines, for the reader of a failure."""
        try:
            states = ' '.join(sorted(self.states - {'enabled', 'visible', 'sensitive',
                                                    'focusable'}))
            off = '' if self.sensitive else ' insensitive'
            text = f' text “{self.text}”' if self.editable else ''
            what = f' ({self.description})' if self.description else ''
            yield f'{"  " * depth}{self!r}{what}{text} {self.extents()} {states}{off}'
            for child in self.children():
                yield from child.dump(depth + 1)
        except Gone as error:
            yield f'{"  " * depth}{error}'


class Tree:
    """The connection to the accessibility bus that DBUS_SESSION_BUS_ADDRESS leads to."""

    def __init__(self, seconds):
        Atspi.init()
        Atspi.set_timeout(int(seconds * 1000), int(seconds * 1000))
        self.desktop = Atspi.get_desktop(0)
        self.desktop.set_cache_mask(Atspi.Cache.NONE)

    def program(self, app):
        """What the program shows, or None as long as it shows nothing."""
        try:
            for number in range(asked(self.desktop.get_child_count)):
                found = asked(self.desktop.get_child_at_index, number)
                if found is not None and app.has_process(asked(found.get_process_id)):
                    found.set_cache_mask(Atspi.Cache.NONE)
                    return Node(found, app)
        except Gone:
            pass
        return None
