"""What does reading more than the last layer add, and for which language?

Arms are aggregators and settings of them, trained on CoNLL-2003 English in $XNER_DATA and scored zero-shot on German,
Spanish and Dutch; same encoder, steps and seeds. See `experiment.py`.

    XNER_DATA=FOLDER python benchmarks/aggregation_f1.py [--arms "last layer; scalar mix"] [--seeds 0] [--json FILE]
"""

from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from experiment import Arm, Experiment, compare

from spacy_xner.files import atomic_path

AGGREGATOR = "components.xner.model.tok2vec.aggregator"
HIDDEN = "components.xner.model.hidden_width"
LAYERS = "components.transformer.model.max_layers"


def arm(name: str, aggregator: str, max_layers: int | None = None, hidden: int | None = None, **settings: Any) -> Arm:
    overrides: dict[str, Any] = {f"{AGGREGATOR}.@architectures": f"spacy_xner.{aggregator}.v1", HIDDEN: hidden}
    overrides |= {f"{AGGREGATOR}.{key}": value for key, value in settings.items()}
    overrides[LAYERS] = max_layers
    return Arm(name, overrides)


ARMS = {
    each.name: each
    for each in (
        arm("last layer", "LastLayer"),
        arm("weighted concat", "WeightedConcat"),
        arm("last layer of 9", "LastLayer", 9),
        arm("last layer of 9, hidden", "LastLayer", 9, 128),
        arm("concat of 9", "WeightedConcat", 9),
        arm("concat of 9, hidden", "WeightedConcat", 9, 128),
        arm("concat of 9, half width", "WeightedConcat", 9, nO=192),
        arm("concat 3 6 9", "WeightedConcat", 9, layers=[3, 6, 9]),
        arm("attention of 9, hidden", "LayerAttention", 9, 128),
        arm("concat beside of 9", "WeightedConcat", 9, residual=True),
        arm("concat beside 3 6 9", "WeightedConcat", 9, residual=True, layers=[3, 6, 9]),
        arm("concat dropout of 9", "WeightedConcat", 9, layer_dropout=0.2),
        arm("mix beside of 9", "ScalarMix", 9, residual=True),
        arm("attention of 9", "LayerAttention", 9),
    )
}


def main(
    arms: Annotated[str, typer.Option(help=f"With semicolons, of: {'; '.join(ARMS)}.")] = ";".join(ARMS),
    seeds: Annotated[str, typer.Option(help="With commas.")] = "0",
    steps: Annotated[int, typer.Option(help="Optimizer steps of each training.")] = 150,
    batch_words: Annotated[int, typer.Option(help="Padded words in a step.")] = 800,
    limit: Annotated[int, typer.Option(help="Development sentences of each language.")] = 700,
    folder: Annotated[Path, typer.Option(help="For pipelines, while they are needed.")] = Path("training/benchmarks"),
    records: Annotated[Path, typer.Option(help="For the records of finished runs.")] = Path(
        "benchmarks/records/aggregation"
    ),
    json: Annotated[Path | None, typer.Option(help="Write figures and rows here.")] = None,
) -> None:
    """Train each arm with each seed and print F1 by language."""
    experiment = Experiment("conll", steps, batch_words, folder, records, limit=limit)
    chosen = [ARMS[name.strip()] for name in arms.split(";")]
    rows = compare([experiment], chosen, [int(seed) for seed in seeds.split(",")])
    if json:
        figures = {f"macro_f1_{row['arm'].replace(' ', '_')}": row["macro"] for row in rows}
        with atomic_path(json) as temporary:
            srsly.write_json(temporary, {"figures": figures, "rows": rows})


if __name__ == "__main__":
    typer.run(main)
