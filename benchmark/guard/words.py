"""Say accuracies and differences in words, the same in all outputs."""


def accuracy(value: float) -> str:
    """Return an accuracy, such as "98.41 %"."""
    return f"{100 * value:.2f} %"


def points(value: float) -> str:
    """Return a difference without its sign, such as "0.52 points"."""
    return f"{100 * abs(value):.2f} points"


def signed(value: float, low: float, high: float) -> str:
    """Return a difference with its limits, such as "-0.52 points [-0.80, -0.24]"."""
    limits = f"[{100 * low:+.2f}, {100 * high:+.2f}]"
    return f"{100 * value:+.2f} points {limits}"


def percent(value: float) -> str:
    """Return a share with the digits that it needs, such as "5 %" or "0.25 %"."""
    return f"{100 * value:.4g} %"
