from __future__ import annotations

import pytest
from malformed_jobs import JOBS

from gridtool.errors import JobFileError
from gridtool.jobs.read import read_job


@pytest.mark.parametrize(("content", "words"), [job[1:] for job in JOBS], ids=[j[0] for j in JOBS])
def test_is_refused_in_words(tmp_path, content, words):
    path = tmp_path / "job.toml"
    path.write_bytes(content)
    with pytest.raises(JobFileError) as caught:
        read_job(path)
    assert words in str(caught.value)


def test_the_corpus_is_large():
    assert len(JOBS) >= 20
