"""The ways of `carrying.py` to transfer entities into a translation."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from spacy.tokens import Doc

from spacy_xner.corpus.carry import carry_docs
from spacy_xner.corpus.pairs import pair_docs
from spacy_xner.corpus.project import project_pairs, set_results
from spacy_xner.corpus.translate import translate_docs
from spacy_xner.projection import SpanProjector
from spacy_xner.translation import Translator
from spacy_xner.translation.label_carriers import LabelCarrier, Markers, Placeholders, Xml
from spacy_xner.translation.xml_tags import TAG_STYLES

ALIGNED = "aligned words"
CARRIERS: dict[str, LabelCarrier] = {
    "placeholders": Placeholders(),
    "placeholders, names kept": Placeholders(translate_names=False),
    "brackets": Markers(),
    **{f"tags {tags}": Xml(tags) for tags in TAG_STYLES},
}
AGREED = ", where aligning agrees"
Way = Callable[[Counter[str]], list[Doc]]


def list_ways(
    docs: list[Doc], lang: str, translator: Translator, projector: SpanProjector
) -> Iterator[tuple[str, Way]]:
    """Each way by its name, and the function that transfers the entities; it counts what was lost."""

    def align(counts: Counter[str]) -> list[Doc]:
        translated = list(translate_docs(docs, translator, lang, counts, cache=False))
        pairs = pair_docs(docs, translated, counts)
        return list(set_results(pairs.targets(), project_pairs(pairs, projector), projector.identity))

    def carry(carrier: LabelCarrier, agree: SpanProjector | None, counts: Counter[str]) -> list[Doc]:
        return list(carry_docs(docs, translator, lang, counts, carrier, cache=False, projector=agree))

    yield ALIGNED, align
    for name, carrier in CARRIERS.items():
        yield name, partial(carry, carrier, None)
        if isinstance(carrier, Xml):
            yield name + AGREED, partial(carry, carrier, projector)
