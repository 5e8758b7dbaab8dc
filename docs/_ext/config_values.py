"""Where a registered function stands in a config, and values of its arguments that have no default."""

from typing import Any

# The first entry whose key is how the name of the registry and of the function's module begin.
SECTIONS = {
    "architectures spacy_xner.encoders": "components.transformer.model",
    "architectures spacy_xner.aggregation": "components.xner.model.tok2vec.aggregator",
    "architectures spacy_xner.ner": "components.xner.model",
    "augmenters": "corpora.train.augmenter",
    "loggers": "training.logger",
    "misc spacy_xner.alignment": "components.xner_projector.aligner",
    "misc spacy_xner.distillation": "components.xner_projector.teacher",
    "misc spacy_xner.projection": "components.xner_projector.projection",
    "misc spacy_xner.translation": "components.xner_projector.translator",
    "readers": "corpora.train",
    "tokenizers": "nlp.tokenizer",
}
OWN_SECTIONS = {
    "spacy_xner.LayerAggregationListener.v1": "components.xner.model.tok2vec",
    "spacy_xner.LayerAggregationTok2Vec.v1": "components.xner.model.tok2vec",
    "spacy_xner.InterpolateOptimizer.v1": "initialize.before_init",
    "spacy_xner.InterpolateOptimizer.v2": "nlp.after_pipeline_creation",
    "spacy_xner.StartFrom.v1": "initialize.after_init",
    "spacy_xner.FitTemperature.v1": "training.before_to_disk",
}
LISTENER = {
    "@architectures": "spacy_xner.LayerAggregationListener.v1",
    "aggregator": {"@architectures": "spacy_xner.WeightedConcat.v1"},
    "pooling": {"@layers": "reduce_mean.v1"},
}
VALUES: dict[str, Any] = {
    "aggregator": LISTENER["aggregator"],
    "corpus": "${corpora.dev}",
    "get_spans": {"@span_getters": "spacy-transformers.strided_spans.v1", "window": 128, "stride": 96},
    "layers": [3, 6],
    "model": "models/translator",
    "name": "models/encoder",
    "path": "corpora/train",
    "pipeline": "training/teacher/model-last",
    "pooling": LISTENER["pooling"],
    "source": "en",
    "target": "de",
    "through": "es",
    "tok2vec": LISTENER,
}
OWN_VALUES: dict[str, dict[str, Any]] = {
    "spacy_xner.Chain.v1": {
        "*": {
            "swap": {"@augmenters": "spacy_xner.EntitySwap.v1"},
            "typography": {"@augmenters": "spacy_xner.Typography.v1"},
        }
    },
    "spacy_xner.CurveLogger.v1": {"path": "training/curve.jsonl"},
    "spacy_xner.Apertium.v1": {"target": "es"},
    "spacy_xner.FastTranslate.v1": {"target": "pt"},
    "spacy_xner.Pivot.v1": {"target": "ca"},
    "spacy_xner.LanguageModel.v1": {"model": "NAME"},
    "spacy_xner.Lexicon.v1": {"path": "en-de.tsv"},
    "spacy_xner.TranslationMemory.v1": {"path": "translations.tsv"},
}


def section_of(registry: str, name: str, module: str) -> str:
    """The section of a config in which a function usually stands."""
    if name in OWN_SECTIONS:
        return OWN_SECTIONS[name]
    if registry == "factories":
        return f"components.{name}"
    return next(section for key, section in SECTIONS.items() if f"{registry} {module}".startswith(key))
