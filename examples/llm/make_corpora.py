"""Two corpora by a language model: labelled text, translated with its labels, and unlabelled text that it writes.

python make_corpora.py news.txt --config llm.cfg --sentences 500
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from spacy.util import load_config

from spacy_xner.translation import make_translator

CONFIG = Path(__file__).with_name("llm.cfg")
LOOK = ["The mayor of Leipzig met farmers on Monday.", "Ada Obi joined Acme in May, and left in June."]


def run(*command: str) -> None:
    """Run a command of `xner`; what it prints and asks is shown. An error ends the script with its exit status."""
    print(f"\n$ xner {' '.join(command)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "spacy_xner", *command], check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)


def options(settings: dict[str, Any]) -> list[str]:
    """Settings as options of a command: `-s name=value`."""
    pairs = [f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in settings.items()]
    return [word for pair in pairs for word in ("-s", pair)]


def main(
    labelled: Annotated[Path, typer.Argument(help="Labelled text, in any format that `xner corpus convert` reads.")],
    config: Annotated[Path, typer.Option(help="The server and the translator.")] = CONFIG,
    output: Annotated[Path, typer.Option(help="Folder for the corpora.")] = Path("llm"),
    sentences: Annotated[int, typer.Option(min=1, help="Number of sentences to write.")] = 500,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a server that charges gets texts.")] = False,
) -> None:
    """Translate labelled text with its labels, and write unlabelled text, by a language model."""
    found = load_config(config, interpolate=True)
    server, translator = dict(found["server"]), dict(found["translator"])
    name, source, target = translator.pop("@misc"), translator.pop("source"), translator.pop("target")

    # A look before anything is paid: can the model translate at all?
    model = make_translator(name, source=source, target=target, **server, **translator)
    for text, translation in zip(LOOK, model.translate(LOOK), strict=True):
        print(f"{text}\n  {translation or '(no translation)'}")

    confirmed = ["--yes"] * yes
    output.mkdir(parents=True, exist_ok=True)
    english, translated = str(output / f"{source}.spacy"), str(output / f"{target}.spacy")
    run("corpus", "convert", str(labelled), "--output", english, "--lang", source)
    # Names are enclosed in tags, which the model is told to keep. Sentences that have lost one are left out.
    by_model = ["--translator", name, *options(server | translator)]
    carried = ["--carry", "xml", "--complete", *confirmed]
    run("corpus", "translate", english, "--output", translated, "--lang", target, *by_model, *carried)
    written = str(output / f"{target}.unlabelled.spacy")
    amount = ["--lang", target, "--sentences", str(sentences), *confirmed]
    run("corpus", "generate", "--output", written, *amount, *options(server))
    run("corpus", "stats", english, translated, written)
    print(f"\nNext, a teacher labels what was written: xner corpus distill TEACHER {written} --output OUTPUT.spacy")


if __name__ == "__main__":
    typer.run(main)
