"""Pack the answers of any program for a leaderboard. Needs numpy, and nothing of fewbench.

python pack_elsewhere.py episodes.npz submission.toml NAME.fewbench.zip ANSWERS.npy...

episodes.npz is from `fewbench protocol export`. There is a file ANSWERS.npy for each training
seed in the card, in this order: uint8 (n_episodes, n_way * n_query) the predicted label of each
query image of each episode, class by class, in the order of the episode file.
"""

import datetime
import hashlib
import io
import json
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np


def read(path, reader):
    try:
        return reader(path)
    except (OSError, ValueError, LookupError, TypeError, zipfile.BadZipFile) as error:
        sys.exit(f"{path}: cannot be read: {type(error).__name__}: {error}")


if len(sys.argv) < 5:
    sys.exit(f"expected four files or more. Type {__doc__.splitlines()[2]}")
episode_file, card_file, out, *answer_files = sys.argv[1:]
episodes = read(episode_file, lambda path: dict(np.load(path)))
header = read(episode_file, lambda _: json.loads(episodes["header"].tobytes()))
card = read(card_file, lambda path: tomllib.loads(Path(path).read_text("utf-8")))
learner = read(card_file, lambda _: card["method"]["name"])
seeds = read(card_file, lambda _: list(card["training"]["seeds"]))
if len(answer_files) != len(seeds):
    expected = f"a file of answers for each of the {len(seeds)} seeds in {card_file}"
    sys.exit(f"expected {expected}, got {len(answer_files)}")
from_header = ("protocol", "data_fingerprint", "episodes_fingerprint")
files = {}
for seed, answer_file in zip(seeds, answer_files, strict=True):
    answers = read(answer_file, lambda path: np.array(np.load(path), float))
    if not np.isin(answers, range(256)).all():
        sys.exit(f"{answer_file}: expected labels from 0 on, got other numbers")
    arrays = {
        "predictions": answers.astype(np.uint8),
        "classes": episodes["classes"],
        "class_names": np.array([name for name, _ in header["classes"]]),
        "class_sizes": np.array([len(images) for _, images in header["classes"]], "i4"),
    }
    document = {key: header[key] for key in from_header}
    document |= {"format": "fewbench-predictions", "schema_version": 1}
    document |= {
        "learner": learner,
        "train_seed": seed,
        "date": f"{datetime.date.today()}",
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    files[f"results/seed{seed}.json"] = json.dumps(document, indent=2).encode()
    files[f"results/seed{seed}.npz"] = buffer.getvalue()
sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
contents = {"format": "fewbench-submission", "schema_version": 1, "card": card}
contents |= {"made_with": "pack_elsewhere.py", "files": sums}
files["submission.json"] = json.dumps(contents, indent=2).encode()
try:
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name])
except OSError as error:
    sys.exit(f"{out}: cannot be written: {error}")
