"""The protocols of translation servers: LibreTranslate's and DeepL's."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ..errors import XnerError
from ..languages.codes import code_variants, normalise_code
from .api_keys import ApiKey
from .http_client import HttpClient, RefusedError

FORMALITIES = ("default", "more", "less", "prefer_more", "prefer_less")
# DeepL's code for a target language that it has in several variants, where the user names none.
DEEPL_VARIANTS = {"en": "EN-GB", "pt": "PT-BR", "zh": "ZH-HANS"}
# LibreTranslate's codes for a language that it has in several scripts or variants.
LIBRETRANSLATE_VARIANTS = {"zh": ("zh-hans",), "pt": ("pt-br",)}


class ServerProtocol(Protocol):
    """How a server is asked.

    key (ApiKey): where its key is. default_url (str | None): its address; None where there is no single one.
    batch_size (int), max_bytes (int | None): most texts, and bytes of texts, in a request.
    is_charged (bool): whether the work costs money or a quota.
    """

    key: ApiKey
    batch_size: int
    max_bytes: int | None
    is_charged: bool

    @property
    def default_url(self) -> str | None: ...

    def choose_languages(
        self, client: HttpClient, source: str, target: str, target_code: str | None
    ) -> tuple[str, str]:
        """The server's codes of the languages. RAISES: XnerError where it does not translate from one to the other."""
        ...

    def translate(
        self, client: HttpClient, texts: Sequence[str], settings: Mapping[str, Any], stopped: threading.Event
    ) -> list[str]:
        """Translate a batch. settings: `source`, `target` and others. RAISES: RefusedError for another number."""
        ...

    def remaining(self, client: HttpClient) -> int | None:
        """Characters that the account has left; None where the server does not say."""
        ...


class LibreTranslate:
    """The protocol of LibreTranslate: `/languages`, and `/translate` with a list of texts in `q`."""

    key = ApiKey("LIBRETRANSLATE_API_KEY")
    default_url: str | None = None
    batch_size = 25
    max_bytes: int | None = None
    is_charged = False

    def choose_languages(
        self, client: HttpClient, source: str, target: str, target_code: str | None
    ) -> tuple[str, str]:
        found = client.get("/languages")
        try:
            targets = {str(each["code"]): [str(code) for code in each.get("targets", [])] for each in found}
        except (TypeError, KeyError, AttributeError) as error:
            raise XnerError(
                f"{client.url}/languages gave {str(found)[:100]!r}, expected a list of languages with codes: is it a "
                "server with LibreTranslate's protocol?"
            ) from error
        source_code = choose_code(source, list(targets), client.url, LIBRETRANSLATE_VARIANTS)
        to = targets[source_code] or [code for code in targets if code != source_code]
        return source_code, choose_code(target_code or target, to, client.url, LIBRETRANSLATE_VARIANTS, source_code)

    def translate(
        self, client: HttpClient, texts: Sequence[str], settings: Mapping[str, Any], stopped: threading.Event
    ) -> list[str]:
        body = {"format": "text", **settings, "q": list(texts)}
        if self.key.value:
            body["api_key"] = self.key.value
        found = client.post("/translate", body, stopped=stopped)
        return checked(found.get("translatedText") if isinstance(found, dict) else found, texts, client.url)

    def remaining(self, client: HttpClient) -> int | None:
        return None


class DeepL:
    """DeepL's API, version 2. A key that ends in `:fx` is for the free one."""

    key = ApiKey("DEEPL_AUTH_KEY", scheme="DeepL-Auth-Key")
    batch_size = 50  # the most that the API takes
    max_bytes: int | None = 60_000  # JSON may write a byte as more than one, and the API takes 128 KiB
    is_charged = True

    @property
    def default_url(self) -> str | None:
        return "https://api-free.deepl.com" if (self.key.value or "").endswith(":fx") else "https://api.deepl.com"

    def choose_languages(
        self, client: HttpClient, source: str, target: str, target_code: str | None
    ) -> tuple[str, str]:
        if not self.key.value:
            raise XnerError(self.key.describe())
        codes = {}
        for side in ("source", "target"):
            found = client.get("/v2/languages", {"type": side})
            try:
                codes[side] = [str(each["language"]) for each in found]
            except (TypeError, KeyError) as error:
                raise XnerError(
                    f"{client.url}/v2/languages gave {str(found)[:100]!r}, expected a list of languages."
                ) from error
        variants = {language: (code,) for language, code in DEEPL_VARIANTS.items()}
        source_code = choose_code(source.split("-")[0], codes["source"], client.url, {})
        wanted = target_code or DEEPL_VARIANTS.get(target, target)
        return source_code, choose_code(wanted, codes["target"], client.url, variants, source_code)

    def translate(
        self, client: HttpClient, texts: Sequence[str], settings: Mapping[str, Any], stopped: threading.Event
    ) -> list[str]:
        others = {name: value for name, value in settings.items() if name not in ("source", "target")}
        body = {"source_lang": settings["source"], "target_lang": settings["target"], **others, "text": list(texts)}
        found = client.post("/v2/translate", body, stopped=stopped)
        rows = found.get("translations") if isinstance(found, dict) else found
        if isinstance(rows, list):
            rows = [row.get("text") if isinstance(row, dict) else row for row in rows]
        return checked(rows, texts, client.url)

    def remaining(self, client: HttpClient) -> int | None:
        found = client.get("/v2/usage")
        found = found if isinstance(found, dict) else {}
        count, limit = found.get("character_count"), found.get("character_limit")
        return max(0, limit - count) if isinstance(limit, int) and isinstance(count, int) else None


PROTOCOLS: dict[str, type[LibreTranslate] | type[DeepL]] = {"libretranslate": LibreTranslate, "deepl": DeepL}


def choose_code(
    language: str, codes: Sequence[str], url: str, variants: Mapping[str, Sequence[str]], source: str = ""
) -> str:
    """A server's code of a language: the same, another code of it, or without region where that alone is there.

    codes (Sequence[str]): the server's. variants (Mapping[str, Sequence[str]]): its codes of a language, best first.
    source (str): the server's code of the source language, for the message; "" where it is that which is chosen.
    RAISES: XnerError where there is none.
    """
    known = {code.replace("_", "-").lower(): code for code in codes}
    language = normalise_code(language)
    base = language.split("-")[0]
    wanted = [*code_variants(language), *variants.get(language, ())]
    if base != language:
        wanted += code_variants(base)
    for code in wanted:
        if code in known:
            return known[code]
    side = f"from {source} to" if source else "from"
    raise XnerError(
        f"{url} does not translate {side} {language!r}, only {side} {', '.join(sorted(codes)) or 'nothing'}."
    )


def checked(found: Any, texts: Sequence[str], url: str) -> list[str]:
    """The translations in an answer. RAISES: RefusedError where they are not as many texts as were sent."""
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise RefusedError(f"{url} gave {str(found)[:100]!r}, expected a list of {len(texts):,} translations.")
    if len(found) != len(texts):
        raise RefusedError(f"{url} gave {len(found):,} translations for {len(texts):,} texts, expected one for each.")
    return found
