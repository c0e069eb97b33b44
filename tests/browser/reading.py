"""What a reader has of a widget, on a page or in an element of it."""


def words(place):
    """Return what its line of text says."""
    return place.locator("[role=status]").inner_text()


def paths(place):
    """Return the course of each line drawn."""
    return place.locator("svg path").evaluate_all("all => all.map(e => e.getAttribute('d'))")
