"""`TranslatedSource`: translates docs and finds entities in the translations (translate-test)."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from ..errors import XnerError
from ..translation.own import as_translator


class TranslatedSource:
    """Sets `doc._.xner_source` to a translation of the doc, with entities.

    translator (Translator | OwnTranslator): translates into the language of the pipeline.
    pipeline (str): name or folder of a spaCy pipeline, which is loaded on first use.
    RAISES: XnerError on first use, if the pipeline cannot be loaded.
    """

    def __init__(self, translator: Any, pipeline: str) -> None:
        self.translator: Any = translator if hasattr(translator, "translate") else as_translator(translator)
        self.pipeline = pipeline

    @cached_property
    def nlp(self) -> Language:
        """The pipeline, loaded on first use."""
        try:
            return spacy.load(self.pipeline)
        except (OSError, ValueError, ImportError) as error:
            raise XnerError(
                f"The source_pipeline {self.pipeline!r} cannot be loaded: {error} Install it, for example by `python "
                f"-m spacy download en_core_web_sm`, or give the folder of a pipeline."
            ) from error

    def add(self, docs: Sequence[Doc]) -> int:
        """Translate docs and set their source. RETURNS: the number of docs without a translation."""
        if not docs:
            return 0
        translations = list(self.translator.translate(doc.text for doc in docs))
        known = [(doc, text) for doc, text in zip(docs, translations, strict=True) if text is not None]
        for (doc, _), source in zip(known, self.nlp.pipe(text for _, text in known), strict=True):
            doc._.xner_source = source
        return len(docs) - len(known)

    def __getstate__(self) -> dict[str, Any]:
        """Without the pipeline: a copy in another process loads it again."""
        return {name: value for name, value in self.__dict__.items() if name != "nlp"}
