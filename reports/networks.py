"""Tell whether two names of a network can be of the same network."""


def same_network(published: str, ours: str) -> bool:
    """Return whether a result was made with the network of a published number.

    published: the name of the network, such as "conv4-64"; without a width if the source
        does not state it; "" if none of our networks is the same
    ours: the backbone of a result, such as "conv4-64"
    """
    if not published:
        return False
    kind, _, width = ours.rpartition("-")
    return published == ours or (width.isdigit() and published == kind)
