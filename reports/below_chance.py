"""Say so if a model is right far less often than guessing. Wrong signs are a common cause."""

import math

from .records import RunResult

# An accuracy is far below that of guessing if it lies below nine tenths of it, and if it
# does so by this many standard errors.
_SHARE = 0.9
_ERRORS = 4


def below_chance_note(result: RunResult) -> str | None:
    """Return a sentence if the accuracy is far below that of guessing; otherwise None."""
    protocol = result.protocol
    chance = 1 / protocol.n_way
    n_queries = protocol.n_episodes * protocol.queries_per_episode
    error = math.sqrt(chance * (1 - chance) / n_queries)
    if protocol.n_episodes > 1:
        # Query images of one episode can be right or wrong together.
        spread = float(result.accuracies.std(ddof=1))
        error = max(error, spread / math.sqrt(protocol.n_episodes))
    is_far = result.mean < _SHARE * chance
    if not is_far or chance - result.mean < _ERRORS * error:
        return None
    return (
        f"{100 * result.mean:.2f} % is far below the accuracy of guessing, "
        f"{100 * chance:.2f} %. The class with the highest score wins: if the scores are "
        f"distances, return minus the distance"
    )
