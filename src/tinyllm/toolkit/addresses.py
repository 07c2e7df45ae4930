"""Which network addresses belong to everybody, and which to this machine or this house."""

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

# What `is_global` lets through, or would on some version of Python.
NEVER_4 = tuple(
    map(
        IPv4Network,
        ("0.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
         "224.0.0.0/4", "240.0.0.0/4"),
    )
)  # fmt: skip
NEVER_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16")))
GLOBAL_6 = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
SIX_TO_FOUR = IPv6Network("2002::/16")
TEREDO = IPv6Network("2001::/32")


def address(text: str) -> Address:
    """An address as a resolver gives it; a zone is of no matter."""
    return ipaddress.ip_address(text.partition("%")[0])


def is_public(given: Address) -> bool:
    """True when it is out in the world, and so is every address that hides in it."""
    if isinstance(given, IPv4Address):
        return given.is_global and not given.is_private and not any(given in net for net in NEVER_4)
    hidden = embedded(given)
    if not all(is_public(each) for each in hidden):
        return False
    if given.ipv4_mapped is not None or given in NAT64:
        return True  # the address that counts was checked
    if given in TEREDO:
        return True
    return given in GLOBAL_6 and given.is_global and not any(given in net for net in NEVER_6)


def embedded(given: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that a gateway would take out of this one: mapped, compatible, 6to4, NAT64, Teredo."""
    if given.ipv4_mapped is not None:
        return (given.ipv4_mapped,)
    if given in NAT64 or int(given) >> 32 == 0:
        return (IPv4Address(int(given) & 0xFFFFFFFF),)
    if given.sixtofour is not None:
        return (given.sixtofour,)
    return given.teredo or ()
