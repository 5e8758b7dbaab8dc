"""A spacy-transformers model whose output has every layer, and which takes gradients for every layer."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from spacy.tokens import Doc, Span
from spacy_transformers.data_classes import FullTransformerBatch, HFObjects
from spacy_transformers.layers import TransformerModel
from thinc.api import Model, chain
from thinc.shims import Shim
from transformers import AutoConfig
from transformers.utils import logging as transformers_logging

from .. import compat, optimizers  # noqa: F401  (so that pipelines can be pickled after an update)
from ..errors import XnerError
from ..model_files import LOCAL, check_settings
from . import padded
from .deferred import DeferredData, Readers, Source
from .names import resolve_encoder
from .outputs import convert_outputs
from .shim import EncoderShim
from .training import begin_update
from .windows import fit_spans, usable_length
from .word_pieces import Pieces, align_docs

ARCHITECTURE = "spacy_xner.AllLayersTransformer.v1"
TOK2VEC_ARCHITECTURE = "spacy_xner.LayerAggregationTok2Vec.v1"
LISTENER_ARCHITECTURE = "spacy_xner.LayerAggregationListener.v1"

SpanGetter = Callable[[list[Doc]], list[list[Span]]]


class AllLayersTransformer(TransformerModel):
    """`spacy_transformers.TransformerModel` with all hidden states in its output and in its backward pass.

    The stock model gives downstream layers only `last_hidden_state`, and silently ignores gradients for anything
    else. Here `model_output` is `last_hidden_state` plus, under `LAYERS_KEY`, a list of the L arrays below it, each of
    shape (n_spans, n_word_pieces, width): the embeddings, then the output of each layer but the last. The backward
    pass takes one gradient (stock listeners) or L + 1 (this package's), `last_hidden_state` first, and refuses any
    other number.

    name (str): `embedded`, a folder, or a hub name, with or without `@revision`.
    get_spans (SpanGetter): splits docs into the sequences that the encoder reads. One of more word pieces than the
        encoder's limit is split further, into windows that overlap. Only of a token that alone exceeds the limit, the
        pieces beyond it are not read.
    tokenizer_config (dict[str, Any]): settings for `AutoTokenizer.from_pretrained`.
    transformer_config (dict[str, Any]): settings for `AutoConfig.from_pretrained`.
    mixed_precision (bool): train in half precision: float16 with gradient scaling on a GPU, bfloat16 on a CPU that
        has it, float32 elsewhere.
    grad_scaler_config (dict[str, Any]): settings for thinc's `PyTorchGradScaler`; used on a GPU only.
    freeze_embeddings (bool): do not train the word embeddings. They are most of a multilingual encoder's parameters,
        and training moves those of words in the training texts away from all others.
    learn_rate_factor (float): the encoder's learning rate as a multiple of the optimizer's. Pretrained layers need a
        rate some ten times smaller than the newly initialised ones above them.
    inference (str): data type for prediction on a CPU: "float32"; "bfloat16"; "int8"; or "auto", the fastest of these
        that this processor computes well (see `resolve_inference`). A doc's vectors do not depend on the other docs of
        its batch, within 1e-4 in float32 and a few steps of rounding in the others. On a GPU, prediction uses the same
        precision as training (`mixed_precision`).
    max_layers (int | None): drop the encoder's layers above this number, which are then neither computed nor saved.
        The highest ones are specialised for the pretraining objective. An encoder with fewer layers keeps them all.
    freeze_layers (int): do not train the embeddings and this number of lowest layers. Their backward pass is saved, and
        what they share between languages is kept (Wu and Dredze 2019, https://aclanthology.org/D19-1077). 0 for none.
    RAISES: XnerError for `max_layers` below 1, `freeze_layers` below 0, an unknown `inference`, and settings that
        `check_settings` refuses.
    """

    def __init__(
        self,
        name: str,
        get_spans: SpanGetter,
        tokenizer_config: dict[str, Any] | None = None,
        transformer_config: dict[str, Any] | None = None,
        mixed_precision: bool = False,
        grad_scaler_config: dict[str, Any] | None = None,
        freeze_embeddings: bool = False,
        learn_rate_factor: float = 1.0,
        inference: str = "float32",
        max_layers: int | None = None,
        freeze_layers: int = 0,
    ) -> None:
        if freeze_layers < 0:
            raise XnerError(
                f"The setting `freeze_layers` of the transformer is {freeze_layers}, expected a number of layers from "
                "0 (none) on."
            )
        if max_layers is not None and max_layers < 1:
            raise XnerError(
                f"The setting `max_layers` of the transformer is {max_layers}, expected a number of layers from 1 on, "
                "or null for all."
            )
        self.is_initializing = False
        check_settings(tokenizer_config or {}, "tokenizer_config")
        check_settings(transformer_config or {}, "transformer_config")
        super().__init__(
            name,
            get_spans,
            # New dicts: the stock class writes into its arguments, its own defaults included.
            dict(tokenizer_config or {}),
            {**(transformer_config or {}), "output_hidden_states": True},
            mixed_precision,
            dict(grad_scaler_config or {}),
        )
        make_shim = partial(
            EncoderShim,
            mixed_precision=mixed_precision,
            grad_scaler_config=grad_scaler_config,
            freeze_embeddings=freeze_embeddings,
            freeze_layers=freeze_layers,
            learn_rate_factor=learn_rate_factor,
            inference=inference,
        )
        compat.replace_encoder_shim(self, make_shim, convert_outputs)
        compat.replace_forward(self, forward)
        compat.set_callbacks(
            self,
            set_transformer=set_transformer,
            replace_listener=replace_listener,
            replace_listener_cfg=replace_listener_config,
        )
        self.init = partial(initialize, self.init)
        self.attrs["max_layers"] = max_layers
        self.readers = Readers()

    @property
    def encoder_shim(self) -> EncoderShim:
        """The shim around the encoder."""
        shim: EncoderShim = compat.get_encoder_shim(self)
        return shim

    @property
    def _init_tokenizer_config(self) -> dict[str, Any]:
        """The tokenizer's settings, which spacy-transformers reads before it loads an encoder.

        It does so in `nlp.initialize`, and for a pipeline in which the file `model` is a folder, as
        spacy-transformers 1.0 wrote it: it would be loaded unchecked.
        """
        if not self.is_initializing:
            raise XnerError(
                "The file `model` of the pipeline's transformer is a folder, which is not read: only a pipeline saved "
                f"by {ARCHITECTURE} is. Get the pipeline again from a source that you trust, or train it again."
            )
        settings: dict[str, Any] = super()._init_tokenizer_config
        return settings

    def copy(self) -> AllLayersTransformer:
        """A deep copy with its own id; `replace_listeners` needs it (the stock copy loses the attributes)."""
        copied = AllLayersTransformer(self.attrs["name"], self.attrs["get_spans"])
        copied.attrs.update(self.attrs)
        for dim in self.dim_names:
            if self.has_dim(dim):
                copied.set_dim(dim, self.get_dim(dim))
        copied.layers[0] = copy.deepcopy(self.layers[0])
        copied.encoder_shim.id = Shim(None).id  # the optimizer stores its moments under this id
        return copied


def forward(
    model: AllLayersTransformer, docs: list[Doc], is_train: bool
) -> tuple[FullTransformerBatch, Callable[[FullTransformerBatch], list[Doc]]]:
    """The layers of docs, and the callback for their gradients.

    In prediction on a CPU, the layers are computed when something reads them (see `DeferredData`).
    """
    shim, tokenizer = model.encoder_shim, model.tokenizer
    limit = usable_length(tokenizer, model.transformer)
    spans, pieces = fit_spans(compat.get_spans(model, docs), tokenizer, limit)
    if shim.device.type == "cpu" and not is_train:
        return defer(model, spans, pieces), lambda d_output: docs
    if is_train and shim.can_update_packed():
        return begin_update(docs, spans, pieces, tokenizer, shim)
    return padded.run(model, docs, spans, pieces, is_train)


def defer(model: AllLayersTransformer, spans: list[list[Span]], pieces: list[list[Pieces]]) -> FullTransformerBatch:
    """The output for docs in prediction: a batch that holds only data by doc (`doc_data`), not computed yet.

    An annotation setter does not find the padded arrays of all docs in it.
    """
    batch = FullTransformerBatch.empty(len(spans))
    batch.spans = spans
    data: Any = batch.doc_data  # of an empty batch: a list to fill
    source = Source(model.encoder_shim, model.tokenizer, model.readers)
    with_spans = [i for i, of_doc in enumerate(spans) if of_doc]
    alignments = align_docs([spans[i] for i in with_spans], [pieces[i] for i in with_spans], model.tokenizer)
    for i, align in zip(with_spans, alignments, strict=True):
        data[i] = DeferredData(source, [found.without_offsets() for found in pieces[i]], align)
    return batch


def initialize(stock: Callable[..., None], model: AllLayersTransformer, X: Any = None, Y: Any = None) -> None:
    """Load the encoder: `embedded`, a folder, or a name on the hub.

    RAISES: XnerError where there is no such encoder.
    """
    if compat.is_encoder_loaded(model):  # it was loaded with the pipeline; its original folder may no longer exist
        return stock(model, X, Y)
    name = compat.get_encoder_name(model)
    model.is_initializing = True
    try:
        compat.set_encoder_name(model, resolve_encoder(name))
        drop_layers(model)
        with errors_only():  # no warnings that the weights of dropped layers are not used
            stock(model, X, Y)
    except OSError as error:
        raise XnerError(
            f"The encoder {name!r} is not a folder here and cannot be loaded from the hub ({type(error).__name__}). "
            f"`xner encoder fetch embedded --output {name}` makes such a folder."
        ) from error
    finally:
        compat.set_encoder_name(model, name)
        model.is_initializing = False


def drop_layers(model: AllLayersTransformer) -> None:
    """Change the settings that the encoder is loaded with, so that layers above `max_layers` are not loaded.

    RAISES: XnerError where `transformer_config` asks for more layers than the encoder has.
    """
    settings = compat.get_encoder_settings(model)
    name = compat.get_encoder_name(model)
    config = AutoConfig.from_pretrained(name, **LOCAL)
    found = int(getattr(config, "num_hidden_layers", 0))
    asked = settings.get("num_hidden_layers")
    if found and asked is not None and asked > found:  # transformers would add layers with random weights
        raise XnerError(
            f"The encoder {name} has {found} layers, but transformer_config.num_hidden_layers is "
            f"{asked}. Set it to {found} at most, or use `max_layers`, which leaves an encoder with fewer as it is."
        )
    limit = model.attrs["max_layers"]
    if limit is not None and found > limit and asked is None:
        settings["num_hidden_layers"] = limit


@contextlib.contextmanager
def errors_only() -> Iterator[None]:
    """Inside the block, transformers logs only errors."""
    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)


def set_transformer(model: AllLayersTransformer, encoder: HFObjects) -> None:
    """Put a loaded encoder into the model; spacy-transformers calls this on initialisation."""
    compat.set_encoder(model, encoder)
    shim = model.encoder_shim
    shim.forget_encoder()
    shim.freeze()


def replace_listener(model: AllLayersTransformer) -> Model:
    """The layers that replace the listener of a component in `nlp.replace_listeners`."""
    return chain(model, compat.make_doc_splitter())


def replace_listener_config(tok2vec_config: dict[str, Any], listener_config: dict[str, Any]) -> dict[str, Any]:
    """The config of that component: the encoder's settings and the listener's, under the Tok2Vec architecture.

    RAISES: XnerError for a listener of another architecture.
    """
    if listener_config["@architectures"] != LISTENER_ARCHITECTURE:
        raise XnerError(
            f"Listeners of the architecture {listener_config['@architectures']} cannot be replaced by a copy of "
            f"{ARCHITECTURE}: only {LISTENER_ARCHITECTURE} can. Give the component that listener, or use "
            "spacy-transformers.TransformerModel.v3 in the transformer."
        )
    result = {**tok2vec_config, "@architectures": TOK2VEC_ARCHITECTURE}
    result.update(
        {key: value for key, value in listener_config.items() if key in ("aggregator", "pooling", "grad_factor")}
    )
    return result
