"""`xner corpus ...`: commands that make the DocBins that a pipeline is trained on, from files of text."""

from .command import XnerTyper
from .corpus_check import check
from .corpus_convert import convert
from .corpus_deduplicate import deduplicate
from .corpus_distill import distill
from .corpus_generate import generate
from .corpus_label import label
from .corpus_project import project
from .corpus_shards import shards
from .corpus_stats import stats
from .corpus_synthesize import synthesize
from .corpus_translate import translate

corpus_app = XnerTyper(
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@corpus_app.callback()
def main() -> None:
    """Convert, translate, label, count and check corpora.

    From English files to a German training corpus:

    ```
    xner corpus convert news.conll --output en.spacy --lang en
    xner corpus translate en.spacy --output de.text.spacy --lang de --memory corpus/translations
    xner project en.spacy de.text.spacy --output de.spacy
    xner corpus stats en.spacy de.spacy
    ```
    """


corpus_app.command()(convert)
corpus_app.command()(translate)
corpus_app.command()(project)
corpus_app.command()(synthesize)
corpus_app.command()(generate)
corpus_app.command()(label)
corpus_app.command()(distill)
corpus_app.command()(shards)
corpus_app.command()(deduplicate)
corpus_app.command()(stats)
corpus_app.command()(check)
