"""The command `fewbench recipes`."""

from .console import emit
from .options import Json


def recipes(as_json: Json = False) -> None:
    """List all recipes, with their learner, dataset and possible backends."""
    from ...baselines.families import BACKENDS
    from ...baselines.recipe_files import load_recipe
    from ...baselines.recipe_files import recipes as recipe_names
    from ...reports.tables.text import text_table

    rows = []
    document = {}
    for name in recipe_names():
        config = load_recipe(name)
        backends = []
        for backend, learners in BACKENDS.items():
            if config.learner in learners:
                backends.append(backend)
        document[name] = {**config.flat(), "backends": backends}
        rows.append(
            [
                name,
                config.learner,
                config.dataset,
                f"{config.backbone}-{config.width}",
                f"{config.way}-way {config.shot}-shot",
                ", ".join(backends),
            ]
        )
    header = ["recipe", "learner", "dataset", "backbone", "trained on", "backends"]
    emit({"recipes": document}, text_table(header, rows), as_json)
