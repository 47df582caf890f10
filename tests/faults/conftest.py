"""What the fault tests compare with: the same study, never interrupted."""

from __future__ import annotations

import pytest

from persopt.domain.space import Params
from persopt.runtime import Runtime
from tests.support.studies import settings_for, study_spec


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> list[Params]:
    """The parameters of the trials of the study when nothing is killed."""
    with Runtime.open(settings_for(tmp_path_factory.mktemp("uninterrupted"))) as runtime:
        job = runtime.run(study_spec())
        assert job.state == "succeeded", job.fault
        return [trial.params for trial in runtime.kernel.trials(job.id)]
