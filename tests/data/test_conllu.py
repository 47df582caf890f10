from __future__ import annotations

from pathlib import Path

import pytest

from persopt.data.conllu import read_conllu
from persopt.domain.errors import DataError

SENTENCES = """# sent_id = s1
# text = او کتابش را خواند
1\tاو\tاو\tPRON\tPR\t_\t4\tnsubj\t_\t_
2-3\tکتابش\t_\t_\t_\t_\t_\t_\t_\t_
2\tکتاب\tکتاب\tNOUN\tN\t_\t4\tobj\t_\t_
3\tش\tاو\tPRON\tPR\t_\t2\tnmod\t_\t_
3.1\tنهان\t_\tVERB\t_\t_\t_\t_\t_\t_
4\tخواند\tخواند\tVERB\tV\t_\t0\troot\t_\t_

# sent_id = s2
1\t#خوب\tخوب\tADJ\tAJ\t_\t0\troot\t_\t_
2\t.\t.\t_\t_\t_\t1\tpunct\t_\t_
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_sentences_are_rows_of_words_and_tags(end: str, tmp_path: Path) -> None:
    (tmp_path / "a.conllu").write_text(SENTENCES, "utf-8", newline=end)
    assert read_conllu(tmp_path / "a.conllu").to_pylist() == [
        {"tokens": ["او", "کتاب", "ش", "خواند"], "upos": ["PRON", "NOUN", "PRON", "VERB"]},
        {"tokens": ["#خوب", "."], "upos": ["ADJ", None]},
    ]


def test_a_line_of_another_form_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.conllu").write_text(SENTENCES.replace("\tpunct\t_\t_", ""))
    with pytest.raises(DataError, match=r"a\.conllu, line 12: expected 10 tab-separated fields"):
        read_conllu(tmp_path / "a.conllu")


def test_a_file_without_a_sentence_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.conllu").write_text("# nothing\n")
    with pytest.raises(DataError, match="holds no sentence"):
        read_conllu(tmp_path / "a.conllu")
