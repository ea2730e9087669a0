#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes debian/changelog out of the releases in the metainfo, so that news are told in one place.

    data/packages/changelog.py METAINFO MAINTAINER

The newest release has the time SOURCE_DATE_EPOCH, which is that of the commit.
"""

import datetime
import email.utils
import os
import sys
import textwrap
import xml.etree.ElementTree as ElementTree


def points(release):
    """What is new, a text each; a paragraph's words lead to a list, or are all there is."""
    description = release.find('description')
    found = description.findall('.//li') or description.findall('p')
    return [' '.join(''.join(point.itertext()).split()) for point in found]


def time_of(release):
    day = datetime.datetime.fromisoformat(release.get('date'))
    return day.replace(tzinfo=datetime.timezone.utc)


def entry(release, time, maintainer):
    yield f'porthole ({release.get("version")}) unstable; urgency=medium'
    yield ''
    for point in points(release):
        yield from textwrap.wrap(point, 78, initial_indent='  * ', subsequent_indent='    ')
    yield ''
    yield f' -- {maintainer}  {email.utils.format_datetime(time)}'


def main():
    _, metainfo, maintainer = sys.argv
    releases = ElementTree.parse(metainfo).findall('releases/release')
    times = [time_of(release) for release in releases]
    times[0] = datetime.datetime.fromtimestamp(int(os.environ['SOURCE_DATE_EPOCH']),
                                               datetime.timezone.utc)
    entries = ['\n'.join(entry(release, time, maintainer))
               for release, time in zip(releases, times)]
    print('\n\n'.join(entries))


if __name__ == '__main__':
    main()
