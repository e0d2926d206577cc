"""From the name of a type in a config to the class or function it means, and from its keys to an object.

``find`` looks names up (in the tables of this package, on the user's path, in installed packages), checks keys against
what a class takes, and makes the object. ``rooms`` says which kinds of types there are, and ``installed`` knows the
packages.
"""

from judgebench.plugins.find import Found, find, foreign_package, load, made, make, shipped_attribute, split
from judgebench.plugins.installed import GROUP, Plugin, brought, unusable
from judgebench.plugins.rooms import ROOMS, Room, RoomName, shipped

__all__ = [
    "GROUP",
    "ROOMS",
    "Found",
    "Plugin",
    "Room",
    "RoomName",
    "brought",
    "find",
    "foreign_package",
    "load",
    "made",
    "make",
    "shipped",
    "shipped_attribute",
    "split",
    "unusable",
]
