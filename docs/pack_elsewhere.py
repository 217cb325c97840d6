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

episode_file, card_file, out, *answer_files = sys.argv[1:]
episodes = np.load(episode_file)
header = json.loads(episodes["header"].tobytes())
card = tomllib.loads(Path(card_file).read_text(encoding="utf-8"))
from_header = ("protocol", "data_fingerprint", "episodes_fingerprint")
files = {}
for seed, answer_file in zip(card["training"]["seeds"], answer_files, strict=True):
    answers = np.load(answer_file)
    labels = answers.astype(np.uint8)
    if (labels != answers).any():
        sys.exit(f"{answer_file}: expected labels from 0 on, got other numbers")
    arrays = {
        "predictions": labels,
        "classes": episodes["classes"],
        "class_names": np.array([name for name, _ in header["classes"]]),
        "class_sizes": np.array([len(images) for _, images in header["classes"]], "i4"),
    }
    document = {
        "format": "fewbench-predictions",
        "schema_version": 1,
        "train_seed": seed,
    }
    document |= {key: header[key] for key in from_header}
    document |= {"learner": card["method"]["name"], "date": f"{datetime.date.today()}"}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    files[f"results/seed{seed}.json"] = json.dumps(document, indent=2).encode()
    files[f"results/seed{seed}.npz"] = buffer.getvalue()
sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
contents = {"format": "fewbench-submission", "schema_version": 1, "card": card}
contents |= {"made_with": "pack_elsewhere.py", "files": sums}
files["submission.json"] = json.dumps(contents, indent=2).encode()
with zipfile.ZipFile(out, "w") as archive:
    for name in sorted(files):
        archive.writestr(zipfile.ZipInfo(name), files[name])
