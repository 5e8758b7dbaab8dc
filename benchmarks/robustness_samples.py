"""Small files of labelled text in many formats, by name, which robustness.py damages."""

import json
from typing import Any

_LINES = [
    {"id": 1, "text": "Ada Obi left Lagos.", "entities": [{"start": 0, "end": 7, "label": "PER", "score": 0.5}]},
    {"text": "Lima waits.", "label": [[0, 4, "LOC"]], "lang": "es"},
    {"text": "Oslo", "entities": [{"id": 5, "label": "LOC", "start_offset": 0, "end_offset": 4}], "relations": []},
    {"data": "Rome", "labels": [[0, 4, "LOC"]], "comments": ["x"]},
    {"text": "Kyiv", "spans": [{"start": 0, "end": 4, "label": "LOC", "token_start": 0}], "answer": "accept"},
    {"text": "nothing"},
    {"tokens": ["Ada", "left", "Rome"], "ner_tags": ["B-PER", "O", "B-LOC"], "id": "7"},
]
_LABEL_STUDIO: list[dict[str, Any]] = [
    {
        "id": 1,
        "data": {"text": "Ada left Rome"},
        "annotations": [
            {
                "completed_by": 1,
                "result": [
                    {
                        "type": "labels",
                        "from_name": "label",
                        "to_name": "text",
                        "value": {"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]},
                    }
                ],
            }
        ],
    }
]
_SPACY_2 = {"classes": ["PER"], "annotations": [["Ada left", {"entities": [[0, 3, "PER"]]}]]}
_CONLLU = """# sent_id = a-1
# text = Vámonos al Prado!
1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tVamos\tir\tVERB\t_\t_\t0\troot\t_\tNER=O
2\tnos\tyo\tPRON\t_\t_\t1\tobj\t_\tNER=O
3-4\tal\t_\t_\t_\t_\t_\t_\t_\t_
3\ta\ta\tADP\t_\t_\t5\tcase\t_\tNER=O
4\tel\tel\tDET\t_\t_\t5\tdet\t_\tNER=O
5\tPrado\tPrado\tPROPN\t_\t_\t1\tobl\t_\tSpaceAfter=No|NER=B-LOC
5.1\t_\t_\t_\t_\t_\t_\t_\t_\t_
6\t!\t!\tPUNCT\t_\t_\t1\tpunct\t_\tNER=O

"""

_WEBANNO = """#FORMAT=WebAnno TSV 3.3
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value


#Text=Ada Obi left Lagos.
1-1\t0-3\tAda\thttp://x/Q7[1]\tPER[1]\t
1-2\t4-7\tObi\thttp://x/Q7[1]\tPER[1]\t
1-3\t8-12\tleft\t_\t_\t
1-4\t13-18\tLagos\t*\tLOC\t
1-5\t18-19\t.\t_\t_\t
"""

SAMPLES: dict[str, bytes] = {
    name: text.encode("utf8")
    for name, text in {
        "sample.conll": "-DOCSTART- -X- -X- O\n\nU.N. NNP I-NP I-ORG\nman NN I-NP O\n\nEkeus NNP I-NP I-PER\n. . O O\n",
        "sample.iob": "Ada\tB-PER\nObi\tI-PER\n#Lagos\tB-LOC\n\n3-1\tO\n。\tO\n",
        "sample.iob2": "# sent_id = 1\n1\tAda\tB-PER\t-\t-\n2\tleft\tO\t-\t-\n",
        "sample.bio": "B-PER Ada\nO left\n",
        "sample.tsv": "周 B-PER\n小 M-PER\n燕 E-PER\n在 O\n昆 B-LOC\n明 E-LOC\n",
        "sample.conllu": _CONLLU,
        "sample.txt": "# people\n[Ada Obi](PER) left [Lagos](LOC).\n\n#Nairobi is \\[warm\\]\n",
        "plain.txt": "Ada left Rome.\r\n[a link](https://example.org)\n\nこんにちは\n",
        "sample.jsonl": "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in _LINES),
        "studio.json": json.dumps(_LABEL_STUDIO),
        "spacy.json": json.dumps(_SPACY_2),
        "sample.ann": "T1\tPER 0 3\tAda\nT2\tLOC 9 13\tRome\nR1\tLives Arg1:T1 Arg2:T2\n",
        "webanno.tsv": _WEBANNO,
        "pubtator.pubtator": "1|t|Ada left\n1|a|Rome is warm.\n1\t0\t3\tAda\tPER\n1\t9\t13\tRome\tLOC\n",
        "sample.xml": "<doc><PER>Ada</PER> left <LOC>Rome</LOC></doc>",
    }.items()
}
