#!/bin/sh
# CPython 3.11.2 (Debian 12's python3.11; 3.11.7 is right): behind an asyncio.TaskGroup that failed, an asyncio.timeout in
# the same task ends in CancelledError, not in TimeoutError. The group has cancelled the task, and leaves the count of its
# cancellations at one, which timeout takes for a cancellation from outside. Code that retries on TimeoutError behind a
# group whose error it caught is ended instead. Needs apt-get with Debian 12's packages; installs nothing.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
version=$(apt-cache madison python3.11-minimal | awk '$3 ~ /^3\.11\.2-/ { print $3; exit }')
for package in python3.11-minimal libpython3.11-minimal libpython3.11-stdlib; do
    apt-get download -qq -o APT::Sandbox::User=root "$package=$version"
    dpkg-deb -x "$package"_*.deb root
done
cat >ask.py <<'PYTHON'
import asyncio
import sys


async def fails():
    raise ValueError


async def behind_a_failed_group(group_fails):
    if group_fails:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(10))
                group.create_task(fails())
        except* ValueError:
            pass
    try:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(10)
    except BaseException as error:
        return asyncio.current_task().cancelling(), type(error).__name__


def ends(group_fails):
    return asyncio.run(behind_a_failed_group(group_fails))


assert sys.version_info[:3] == (3, 11, 2), sys.version
print("Python", sys.version.split()[0])
print("without a failed group:", *ends(False))
print("behind a failed group: ", *ends(True))
assert ends(False) == (0, "TimeoutError")
assert ends(True)[1] == "CancelledError"
PYTHON
PYTHONHOME="$folder/root/usr" "$folder/root/usr/bin/python3.11" -B ask.py
