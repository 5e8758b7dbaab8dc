"""The augmenter `spacy_xner.Chain.v1`: several augmenters, one after the other."""

from collections.abc import Callable, Iterator
from functools import reduce

from spacy.language import Language
from spacy.training import Example

Augmenter = Callable[[Language, Example], Iterator[Example]]


def create_chain(*augmenters: Augmenter) -> Augmenter:
    """`spacy_xner.Chain.v1`: each augmenter gets the examples that the one before it gives.

    In a config, each has a section `[corpora.train.augmenter.*.NAME]`; they are used in the order of the sections.

    augmenters (Augmenter): augmenters, for example `spacy_xner.Typography.v1`.
    """

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        def then(examples: Iterator[Example], augmenter: Augmenter) -> Iterator[Example]:
            return (new for each in examples for new in augmenter(nlp, each))

        yield from reduce(then, augmenters, iter([example]))

    return augment
