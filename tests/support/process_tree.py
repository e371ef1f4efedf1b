"""The descendants of a process, read from /proc."""

import os


def children(pid):
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as file:
            found += map(int, file.read().split())
    return found


def descendants(pid):
    """Returns its children, their children, and so on."""
    return [each for child in children(pid) for each in (child, *descendants(child))]


def leaves(pid):
    """Returns the descendants without children: the workers, but not the process that forks them."""
    return [each for each in descendants(pid) if not children(each)]


def is_alive(pid):
    """Returns whether the process is running; a zombie is not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
