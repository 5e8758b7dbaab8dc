"""`xner align`: formats, resuming, counts, what is refused."""

import gzip
import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spacy_xner.alignment import files
from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.alignment.seq2seq import Seq2SeqAligner
from spacy_xner.alignment.word_kinds import is_unsegmented
from spacy_xner.cli import app
from spacy_xner.errors import XnerError

from ..translation.tiny_models import tiny_nllb

PAIRS = "Berlin is big ||| Berlin ist groß\nParis ||| \n日 本 ||| Japan \x07 😀\n"
SOURCE = "Berlin\tB-LOC\nis\tO\nbig\tO\n\nAnna\tB-PER\nsaw\tO\nParis\tB-LOC\n\n"


def invoke(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def align(tiny_encoder: Path, *arguments: object) -> Any:
    return invoke("align", *arguments, "--encoder", tiny_encoder, "--layers", "0", "--method", "inter")


def test_links(tiny_encoder: Path, tmp_path: Path) -> None:
    pairs, output = tmp_path / "pairs.txt", tmp_path / "links.txt"
    pairs.write_text(PAIRS, encoding="utf8")
    result = align(tiny_encoder, pairs, "--output", output)
    assert result.exit_code == 0, result.output
    lines = output.read_text(encoding="utf8").split("\n")
    assert len(lines) == 4
    assert "0-0" in lines[0].split()
    assert lines[1] == ""
    for words in ("pairs with an empty side", "pairs without links"):
        assert words in result.output
    assert sorted(tmp_path.iterdir()) == [output, pairs]


def test_links_with_scores_by_transport(tiny_encoder: Path, tmp_path: Path) -> None:
    pairs, output = tmp_path / "pairs.txt.gz", tmp_path / "links.jsonl"
    pairs.write_bytes(gzip.compress(PAIRS.encode()))
    result = invoke("align", pairs, "--output", output, "--encoder", tiny_encoder, "--fast")
    assert result.exit_code == 0, result.output
    found = [json.loads(line)["links"] for line in output.read_text(encoding="utf8").splitlines()]
    assert len(found) == 3
    assert all(0 <= score <= 1 for links in found for _, _, score in links)


def test_compressed_links_and_words_with_other_spaces(tiny_encoder: Path, tmp_path: Path) -> None:
    """Only blanks and tabs divide words; the same links give the same bytes."""
    pairs, output = tmp_path / "pairs.txt", tmp_path / "links.jsonl.gz"
    pairs.write_text("10\u00a0000 Berlin ||| 10,000\tBerlin\n", encoding="utf8")
    assert list(files.read_pairs(pairs)) == [(["10\u00a0000", "Berlin"], ["10,000", "Berlin"])]
    contents = []
    for _ in range(2):
        assert align(tiny_encoder, pairs, "--output", output).exit_code == 0
        contents.append(output.read_bytes())
    assert contents[0] == contents[1]
    assert json.loads(gzip.decompress(contents[0]))["links"]
    for name in (pairs, tmp_path):
        assert align(tiny_encoder, pairs, "--output", name).exit_code == 1
    assert "Berlin" in pairs.read_text(encoding="utf8")


class KilledError(Exception):
    pass


def test_a_stopped_run_goes_on(tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes as an undisturbed run, and nothing aligned twice."""
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("".join(f"Berlin {i} ||| {i} Berlin\n" for i in range(50)), encoding="utf8")
    aligner = EmbeddingAligner(str(tiny_encoder), 0, "inter", batch_size=1)
    files.align_file(pairs, tmp_path / "whole.txt", aligner)
    seen: list[Any] = []
    original = EmbeddingAligner.align

    def dies(self: EmbeddingAligner, waiting: Any) -> Any:
        yield from islice(original(self, waiting), 20)
        raise KilledError

    def counted(self: EmbeddingAligner, waiting: Any) -> Any:
        for alignment in original(self, waiting):
            seen.append(alignment)
            yield alignment

    monkeypatch.setattr(EmbeddingAligner, "align", dies)
    with pytest.raises(KilledError):
        files.align_file(pairs, tmp_path / "stopped.txt", aligner)
    assert not (tmp_path / "stopped.txt").exists()
    monkeypatch.setattr(EmbeddingAligner, "align", counted)
    files.align_file(pairs, tmp_path / "stopped.txt", aligner)
    assert len(seen) == 30
    assert (tmp_path / "stopped.txt").read_bytes() == (tmp_path / "whole.txt").read_bytes()
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a ||| b\na b\n", "pairs.txt:2: found 0 times"),
        ("a ||| b ||| c\n", "pairs.txt:1: found 2 times"),
        ("", "the file is empty"),
    ],
)
def test_malformed_pairs(tiny_encoder: Path, tmp_path: Path, content: str, message: str) -> None:
    pairs = tmp_path / "pairs.txt"
    pairs.write_text(content, encoding="utf8")
    result = align(tiny_encoder, pairs, "--output", tmp_path / "out.txt")
    assert result.exit_code == 1
    assert message in result.output
    assert list(tmp_path.iterdir()) == [pairs]


def test_help() -> None:
    groups = invoke("align").output
    assert all(f" {command} " in groups for command in ("file", "show", "train"))
    for arguments in (["align", "file", "--help"], ["align", "--help"]):
        assert "xner align FILE" in invoke(*arguments).output or "--min-score" in invoke(*arguments).output
    options = invoke("align", "file", "--help").output
    assert all(option in options for option in ("--output", "--encoder", "--method", "--min-score", "--scores"))


def test_least_score_of_links(embedded_encoder: Path, tmp_path: Path) -> None:
    """Right links stay, those of a sentence that is no translation go; both are counted."""
    pairs, output = tmp_path / "pairs.txt", tmp_path / "links.txt"
    pairs.write_text(
        "Berlin is big ||| Berlin ist groß\nHe bought two apples ||| Der Vertrag wurde gestern unterzeichnet\n",
        encoding="utf8",
    )
    aligner = EmbeddingAligner(str(embedded_encoder))
    files.align_file(pairs, output, aligner)
    right, wrong = output.read_text(encoding="utf8").splitlines()
    assert right == "0-0 1-1 2-2"
    assert wrong
    assert "links below the least score" not in files.align_file(pairs, output, aligner, scores=True)
    with_scores = [link.split(":") for link in output.read_text(encoding="utf8").splitlines()[0].split()]
    assert [link for link, _ in with_scores] == right.split()
    assert all(0.85 < float(score) <= 1 for _, score in with_scores)
    counts = files.align_file(pairs, output, aligner, min_score=0.5)
    assert output.read_text(encoding="utf8") == f"{right}\n\n"
    assert counts["links"] == 3
    assert counts["links below the least score"] == len(wrong.split())
    with pytest.raises(XnerError, match=r"least score of links is 1\.5"):
        files.align_file(pairs, output, aligner, min_score=1.5)


def test_options_of_scores(tiny_encoder: Path, tmp_path: Path) -> None:
    pairs, output = tmp_path / "pairs.txt", tmp_path / "links[de].txt"
    pairs.write_text("Berlin ||| Berlin\n", encoding="utf8")
    result = align(tiny_encoder, pairs, "--output", output, "--scores", "--min-score", "0.5")
    assert output.read_text(encoding="utf8") == "0-0:1.00\n"
    assert "links below the least score 0" in " ".join(result.output.split())
    assert "links[de].txt" in result.output.replace("\n", "")  # brackets are no markup
    assert align(tiny_encoder, pairs, "--output", output, "--min-score", "1.5").exit_code == 2


def test_scores_of_other_methods_are_similarities(tiny_encoder: Path) -> None:
    aligner = EmbeddingAligner(str(tiny_encoder), 0, "itermax")
    (alignment,) = aligner.align([(["Berlin", "is", "big"], ["Berlin", "ist", "groß"])])
    assert alignment.scores == [float(alignment.similarity[i, j]) for i, j in alignment.links]
    assert alignment.scores


def test_a_translation_model_aligns(tmp_path: Path) -> None:
    model, pairs, output = str(tiny_nllb(tmp_path / "nllb")), tmp_path / "pairs.txt", tmp_path / "links.txt"
    pairs.write_text("She gave up ||| nobody saw it\n", encoding="utf8")
    options = ("align", pairs, "--output", output, "--encoder", model)
    result = invoke(*options, "--source-lang", "en", "--target-lang", "de")
    assert result.exit_code == 0, result.output
    (expected,) = Seq2SeqAligner(model, "en", "de").align([(["She", "gave", "up"], ["nobody", "saw", "it"])])
    assert output.read_text(encoding="utf8") == " ".join(f"{i}-{j}" for i, j in expected.links) + "\n"
    for wrong, status, message in (
        ((), 1, "give the languages of both sides"),
        (("--source-lang", "en"), 2, "Found --source-lang without --target-lang"),
        (("--target-lang", "de"), 2, "Found --target-lang without --source-lang"),
        (("--source-lang", "en", "--target-lang", "x!"), 2, "x!"),
    ):
        result = invoke(*options, *wrong)
        assert (result.exit_code, message in " ".join(result.output.split())) == (status, True), result.output


UNSEGMENTED = "Paris is big ||| 巴黎是一个非常大的城市。\nIt rained ||| 下 雨 了\nI know ||| 私はよく知っています\n"


def test_text_that_is_not_split_into_words(tiny_encoder: Path, tmp_path: Path) -> None:
    """A warning on standard error, before the work and also with --quiet; segmented text gets none."""
    pairs, output = tmp_path / "pairs.txt", tmp_path / "links.jsonl"
    pairs.write_text(UNSEGMENTED, encoding="utf8")
    warning = "2 of 3 pairs have text of a script without spaces, such as Chinese, Japanese or Thai, that is not split"
    result = align(tiny_encoder, pairs, "--output", output, "--quiet")
    assert warning in result.stderr
    assert f"(first: {pairs}:1)" in result.stderr
    assert "--tokenize" in result.stderr
    result = align(tiny_encoder, pairs, "--output", output, "--tokenize")
    assert result.exit_code == 0, result.output
    assert "Warning" not in result.stderr
    rows = [json.loads(line) for line in output.read_text(encoding="utf8").splitlines()]
    assert rows[0]["source"] == ["Paris", "is", "big"]
    assert rows[0]["target"] == list("巴黎是一个非常大的城市。")
    assert rows[1]["target"] == ["下", "雨", "了"]
    assert any(j > 0 for row in rows for _, j, _ in row["links"])
    result = align(tiny_encoder, pairs, "--output", tmp_path / "links.txt", "--tokenize")
    assert (result.exit_code, "expected a name that ends in .jsonl" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("我喜欢 巴黎", False),
        ("中华人民共和国 成立 了", False),
        ("กรุงเทพมหานคร เป็น เมืองหลวง", False),
        ("กรุงเทพมหานครเป็นเมืองหลวงของประเทศไทย", True),
        ("2010年，安格拉·默克尔访问了维也纳。", True),
        ("Donaudampfschifffahrtsgesellschaft", False),
        ("", False),
    ],
)
def test_unsegmented_sentences(words: str, expected: bool) -> None:
    assert is_unsegmented(words.split()) == expected


def test_show_pairs(tiny_encoder: Path, tmp_path: Path) -> None:
    pairs, output = tmp_path / "pairs.txt", tmp_path / "page.html"
    pairs.write_text("<b> & Berlin ||| Berlin <script>alert(1)</script>\nParis |||\nשלום ||| 日 本\n", encoding="utf8")
    result = align(tiny_encoder, "show", pairs, "--output", output, "--limit", "3")
    assert result.exit_code == 0, result.output
    html = output.read_text(encoding="utf8")
    assert html.count("<article>") == 3
    assert "<script>" not in html
    assert "&lt;b&gt;" in html
    assert 'name="viewport"' in html
    assert "http" not in html.replace("http-equiv", "")  # nothing that it would have to load


def test_show_text_without_spaces(tiny_encoder: Path, tmp_path: Path) -> None:
    pairs, output = tmp_path / "pairs.txt", tmp_path / "page.html"
    pairs.write_text("She left Berlin. ||| 昨天她离开了柏林市中心的旧房子。\nParis ||| 巴黎\n", encoding="utf8")
    result = align(tiny_encoder, "show", pairs, "--output", output, "--limit", "1")
    assert "1 of 1 pairs have text of a script without spaces" in " ".join(result.output.split())
    assert "--tokenize" in result.output
    assert "昨天她离开了柏林市中心的旧房子。" in output.read_text(encoding="utf8")  # one word
    result = align(tiny_encoder, "show", pairs, "--output", output, "--tokenize")
    assert result.exit_code == 0, result.output
    assert "Warning" not in result.output
    assert "昨天她离开了柏林市中心的旧房子。" not in output.read_text(encoding="utf8")
    result = align(tiny_encoder, "show", pairs, "--target", pairs, "--tokenize")
    assert result.exit_code == 1
    assert "whose words are known. Leave out --tokenize" in " ".join(result.output.split())


def test_show_projected_entities(tiny_encoder: Path, tmp_path: Path) -> None:
    source, target, output = tmp_path / "en.iob", tmp_path / "de.txt", tmp_path / "page.html"
    source.write_text(SOURCE, encoding="utf8")
    target.write_text("Berlin  ist groß\nAnna sah Paris\n", encoding="utf8")
    result = align(tiny_encoder, "show", source, "--target", target, "--output", output)
    assert result.exit_code == 0, result.output
    html = output.read_text(encoding="utf8")
    assert html.count("<mark") == 6
    assert "direction: rtl" not in html
    source.write_text("Berlin\tB-<i>\n\n", encoding="utf8")
    target.write_text("ברלין\n", encoding="utf8")
    result = align(tiny_encoder, "show", source, "--target", target, "--output", output)
    html = output.read_text(encoding="utf8")
    assert "direction: rtl" in html
    assert "<i>" not in html
    target.write_text("", encoding="utf8")
    assert "expected the same number" in align(tiny_encoder, "show", source, "--target", target).output
