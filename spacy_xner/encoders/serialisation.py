"""An encoder and its tokenizer as bytes: weights as safetensors, never a pickle.

The bytes may come from anybody: a pipeline is loaded from a folder, a package or another process. Reading them runs no
code, opens no file but those in the bytes, and writes only into a temporary folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import safetensors.torch
import srsly
import torch
from spacy_transformers.layers.hf_shim import HFShim
from thinc.api import get_torch_default_device
from transformers import AutoConfig, AutoTokenizer

from .. import compat
from ..errors import XnerError
from ..model_files import CONFIG_NAME, LOCAL, TOKENIZER_FILES, check_model_folder, check_settings
from .memory import release_memory
from .storage import SCALE, read_stored, stored_weights
from .threads import one_at_a_time

FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
TOKENIZER_SETTINGS = ("use_fast",)  # what `encoder_to_bytes` writes; all else is in the tokenizer's files
IGNORED_FILES = ("chat_template.jinja", "README.md")  # that `save_pretrained` may have written
HINT = "The pipeline is damaged, or was changed by somebody: get it again from a source that you trust."


def encoder_to_bytes(shim: HFShim, encoder: torch.nn.Module | None) -> bytes:
    """The message of spacy-transformers' shim, with the weights as safetensors: no pickle, and no second copy.

    encoder (torch.nn.Module | None): the encoder; None where none is loaded.
    """
    with one_at_a_time("tokenizer"):
        message = compat.serialise_without_weights(shim)
    if encoder is not None:
        release_memory()  # what training has left over; the copies of the weights are large
        weights = stored_weights(encoder)
        if any(name.endswith(SCALE) for name in weights):  # a package, which should be small
            message["tokenizer"] = {name: compact(name, part) for name, part in message["tokenizer"].items()}
        message["state"] = weights_to_bytes(weights)
    return srsly.msgpack_dumps(message)


def compact(name: str, content: Any) -> Any:
    """A JSON file of a tokenizer without indentation, which is half of the file; other values as they are."""
    if not name.endswith(".json") or not isinstance(content, bytes):
        return content
    return json.dumps(json.loads(content), ensure_ascii=False, separators=(",", ":")).encode("utf8", "surrogatepass")


def weights_to_bytes(weights: dict[str, torch.Tensor]) -> bytes:
    """The bytes of a safetensors file, by way of a file: `safetensors.torch.save` holds one copy more in memory."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        safetensors.torch.save_file(weights, path)
        return path.read_bytes()


def read_message(data: bytes) -> dict[str, Any]:
    """Unpack `encoder_to_bytes`. RAISES: XnerError for other bytes."""
    try:
        message = srsly.msgpack_loads(data)
        dicts = [message[key] for key in ("config", "tokenizer", "_init_tokenizer_config", "_init_transformer_config")]
    except Exception as error:  # bytes that are no message raise errors of many types
        raise XnerError(f"The encoder of the pipeline cannot be read ({error!r}). {HINT}") from None
    if not all(isinstance(part, dict) for part in dicts):
        raise XnerError(f"The encoder of the pipeline cannot be read: a part has the wrong type. {HINT}")
    found: dict[str, Any] = message
    return found


def encoder_from_message(message: dict[str, Any], shim: HFShim) -> None:
    """Load tokenizer and encoder from the message of `encoder_to_bytes` into the shim, on thinc's device.

    Weights in float16 or 8 bits become float32: these are for storage, not for computing. Other types stay as they are.

    RAISES: XnerError for a message that names files elsewhere, settings, or code; whose weights are no safetensors,
        such as the pickle of `spacy-transformers.TransformerModel.v3`; or whose parts do not fit.
    """
    if not message["config"]:  # saved without an encoder, which `nlp.initialize` will load
        for key in ("_init_tokenizer_config", "_init_transformer_config"):
            check_settings(message[key], f"{key} of the pipeline's encoder")
        return compat.hold_settings(shim, message["_init_tokenizer_config"], message["_init_transformer_config"])
    files = check_tokenizer(message["tokenizer"])
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        # Not with srsly: it rounds to nine digits, and a `layer_norm_eps` of 1e-12 would become 0.
        (Path(folder) / CONFIG_NAME).write_text(json.dumps(message["config"]), encoding="utf8")
        check_model_folder(Path(folder), "the pipeline's encoder")
        try:
            config = AutoConfig.from_pretrained(folder, **LOCAL)
            config.name_or_path = str(message["config"].get("_name_or_path", ""))  # not the temporary folder
            tokenizer = AutoTokenizer.from_pretrained(folder, **message["tokenizer"].get("kwargs", {}), **LOCAL)
        except Exception as error:  # tokenizers raises bare exceptions
            raise XnerError(f"The tokenizer of the pipeline's encoder cannot be loaded ({error}). {HINT}") from error
        vocab_path = Path(folder) / tokenizer.vocab_files_names.get("vocab_file", "")
        vocab_file = vocab_path.read_bytes() if vocab_path.is_file() else None
    try:
        encoder = compat.make_empty_encoder(config, shim.model_cls)
    except Exception as error:  # values of wrong types or sizes raise errors of many types
        raise XnerError(f"The encoder of the pipeline cannot be made from its config ({error!r}). {HINT}") from error
    state = read_stored(read_weights(message.get("state")))
    try:
        encoder.load_state_dict(state, assign=True)
    except RuntimeError as error:
        raise XnerError(f"The weights of the pipeline's encoder do not fit its config ({error}). {HINT}") from error
    encoder.to(get_torch_default_device())  # type: ignore[arg-type]
    compat.hold_encoder(shim, tokenizer, encoder, vocab_file)


def check_tokenizer(tokenizer: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a message's tokenizer, by name, without those that are not read.

    RAISES: XnerError for a name that is not one of a tokenizer's files, and for settings other than `use_fast`.
    """
    settings = tokenizer.get("kwargs", {})
    if not isinstance(settings, dict) or any(
        name not in TOKENIZER_SETTINGS or not isinstance(value, bool) for name, value in settings.items()
    ):
        raise XnerError(
            f"The tokenizer of the pipeline's encoder has the settings {str(settings)[:80]}, expected "
            f"{', '.join(TOKENIZER_SETTINGS)} alone. {HINT}"
        )
    files = {}
    for name, content in tokenizer.items():
        if name == "kwargs" or name in IGNORED_FILES:
            continue
        is_known = isinstance(name, str) and any(fnmatch(name, pattern) for pattern in TOKENIZER_FILES)
        if not is_known or not FILE_NAME.fullmatch(name) or not isinstance(content, bytes):
            raise XnerError(
                f"The tokenizer of the pipeline's encoder has a file {str(name)[:80]!r}, expected some of "
                f"{', '.join(TOKENIZER_FILES)}. {HINT}"
            )
        files[name] = content
    return files


def read_weights(data: object) -> dict[str, torch.Tensor]:
    """Weights by name. RAISES: XnerError for bytes that are no safetensors."""
    try:
        if not isinstance(data, bytes):
            raise TypeError(f"found a {type(data).__name__}")
        return safetensors.torch.load(data)
    except (safetensors.SafetensorError, TypeError, ValueError, KeyError) as error:
        raise XnerError(
            f"The weights of the pipeline's encoder are no safetensors ({error}), and no other format is read, since "
            f"others can run code. {HINT}"
        ) from None
