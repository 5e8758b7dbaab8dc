"""An HTTP service that finds entities with a spaCy pipeline. Texts that wait are processed together.

One thread predicts: spaCy's memory zones are not made for several threads. A batch has the texts of all requests that
arrived while the batch before it was processed, so that nobody waits for a batch to be full.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Annotated, Any

import spacy
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from spacy.language import Language


class Settings(BaseSettings):
    """Read from environment variables: `SERVICE_PIPELINE`, `SERVICE_THRESHOLD` and so on."""

    model_config = SettingsConfigDict(env_prefix="SERVICE_")

    pipeline: str = "xx_xner_agg"  # an installed package or a folder
    threshold: float = Field(default=0.0, ge=0, le=1)  # entities with a lower score are left out
    max_bytes: int = Field(default=1_000_000, ge=1)  # of a request
    max_texts: int = Field(default=100, ge=1)  # of a request
    max_characters: int = Field(default=10_000, ge=1)  # of a text
    max_waiting: int = Field(default=1_000, ge=1)  # texts of all requests; more are refused with status 503
    batch_size: int = Field(default=32, ge=1)  # texts


def check_characters(text: str) -> str:
    """JSON can hold half surrogate pairs, which are no characters: an error for this request, not for its batch."""
    text.encode()
    return text


class Texts(BaseModel):
    texts: list[Annotated[str, AfterValidator(check_characters)]]


class Entity(BaseModel):
    start: Annotated[int, Field(description="First character, counted in Unicode code points from 0.")]
    end: Annotated[int, Field(description="The character after the last one.")]
    label: str
    text: str
    score: Annotated[float | None, Field(description="Calibrated probability of this span and label.")]


class Result(BaseModel):
    entities: list[Entity]


class Results(BaseModel):
    results: Annotated[list[Result], Field(description="One for each text, in order.")]


class Batcher:
    """Collects the texts of waiting requests and applies the pipeline to them, in one thread."""

    def __init__(self, nlp: Language, batch_size: int) -> None:
        self.nlp, self.batch_size = nlp, batch_size
        self.waiting: asyncio.Queue[tuple[str, asyncio.Future[list[Entity]]]] = asyncio.Queue()

    async def find(self, texts: list[str]) -> list[list[Entity]]:
        """The entities of texts, when their turn has come."""
        futures = [asyncio.get_running_loop().create_future() for _ in texts]
        for item in zip(texts, futures, strict=True):
            self.waiting.put_nowait(item)
        return await asyncio.gather(*futures)

    async def run(self) -> None:
        """Process batches until the task is cancelled."""
        with ThreadPoolExecutor(1) as thread:
            while True:
                batch = [await self.waiting.get()]
                while len(batch) < self.batch_size and not self.waiting.empty():
                    batch.append(self.waiting.get_nowait())
                batch = [(text, future) for text, future in batch if not future.done()]  # their clients are still there
                if not batch:
                    continue
                texts = [text for text, _ in batch]
                try:
                    found = await asyncio.get_running_loop().run_in_executor(thread, self.predict, texts)
                except Exception as error:
                    found = [error] * len(batch)
                for (_, future), result in zip(batch, found, strict=True):
                    if future.done():
                        continue
                    if isinstance(result, Exception):
                        future.set_exception(result)
                    else:
                        future.set_result(result)

    def predict(self, texts: list[str]) -> list[Any]:
        """Docs and new strings are freed at the end of the zone. What is returned has none of spaCy's objects."""
        with self.nlp.memory_zone():
            return [entities_of(doc) for doc in self.nlp.pipe(texts, batch_size=self.batch_size)]


def entities_of(doc: Any) -> list[Entity]:
    return [
        Entity(start=e.start_char, end=e.end_char, label=e.label_, text=e.text, score=e._.confidence) for e in doc.ents
    ]


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service. Its pipeline is loaded when the service starts."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        nlp = spacy.load(settings.pipeline, config={"components": {"xner": {"threshold": settings.threshold}}})
        app.state.batcher = Batcher(nlp, settings.batch_size)
        app.state.worker = asyncio.create_task(app.state.batcher.run())
        yield
        app.state.worker.cancel()

    app = FastAPI(title="Named entities", lifespan=lifespan)

    @app.middleware("http")
    async def limit_size(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        """Refuse a body that is too long before it is read. Servers check that it has the length that it says."""
        length = request.headers.get("content-length", "0" if request.method == "GET" else "")
        if not length.isdecimal():
            return JSONResponse({"detail": "Expected the header Content-Length."}, 411)
        if int(length) > settings.max_bytes:
            return JSONResponse({"detail": f"Found {length} bytes, expected at most {settings.max_bytes}."}, 413)
        return await call_next(request)

    @app.exception_handler(RequestValidationError)
    async def explain(request: Request, error: RequestValidationError) -> JSONResponse:
        """Say what is wrong, without the input: it can have half surrogate pairs, which no answer can have."""
        return JSONResponse({"detail": [{"loc": each["loc"], "msg": each["msg"]} for each in error.errors()]}, 422)

    @app.post("/entities")
    async def entities(body: Texts) -> Results:
        """Find the entities of texts. Texts can be in different languages."""
        if len(body.texts) > settings.max_texts:
            raise HTTPException(413, f"Found {len(body.texts)} texts, expected at most {settings.max_texts}.")
        for number, text in enumerate(body.texts):
            if len(text) > settings.max_characters:
                message = f"Found {len(text)} characters, expected at most {settings.max_characters}."
                raise HTTPException(413, f"texts[{number}]: {message}")
        batcher: Batcher = app.state.batcher
        if batcher.waiting.qsize() + len(body.texts) > settings.max_waiting:
            raise HTTPException(503, "Too many texts are waiting. Try again later.", {"Retry-After": "1"})
        return Results(results=[Result(entities=found) for found in await batcher.find(body.texts)])

    @app.get("/health")
    async def health() -> JSONResponse:
        """Status 200 if texts are processed, otherwise 503."""
        is_ok = not app.state.worker.done()
        nlp: Language = app.state.batcher.nlp
        about = {"pipeline": f"{nlp.meta['lang']}_{nlp.meta['name']}", "version": nlp.meta["version"]}
        about |= {"labels": nlp.pipe_labels["xner"], "waiting": app.state.batcher.waiting.qsize()}
        return JSONResponse({"status": "ok" if is_ok else "failed", **about}, 200 if is_ok else 503)

    return app
