from dataclasses import replace

from fewbench.reports.protocol import EvalProtocol

PROTOCOL = EvalProtocol(
    name="glyphs-5w1s",
    dataset="glyphs",
    split="test",
    n_way=5,
    n_shot=1,
    n_query=15,
    n_episodes=10,
    seed=0,
)


def test_queries_are_counted_over_all_classes() -> None:
    assert PROTOCOL.queries_per_episode == 75


def test_the_hash_is_of_everything_but_the_name() -> None:
    assert PROTOCOL.sha256 == replace(PROTOCOL, name="mine").sha256
    assert PROTOCOL.sha256 != replace(PROTOCOL, seed=1).sha256
    # It stands in results, so it never changes.
    assert PROTOCOL.sha256[:16] == "3cde97c78eb4bb07"
