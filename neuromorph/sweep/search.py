r"""Search of target parameters for several objectives at once, by Optuna, within the table of tasks.

A trial is a setting; its tasks are run like those of any study, so that a search is resumed, sharded over workers and
read like one. Trials are asked for in groups: each draws from a sampler of its own, seeded by the number of the trial,
so that a search that was killed asks for the same settings. Samplers: NSGA-II (Deb et al., IEEE Trans. Evol. Comput. 6,
182 (2002)), multi-objective TPE (Ozaki et al., JAIR 73, 1209 (2022)), random.

What tuning costs is the energy and time of all reads of all trials on the device; per problem that is solved later,

.. math:: E_{total}(N) = E_{solution} + E_{tuning} / N
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..files.atomic_write import write_file
from ..files.json_values import json_value
from .parameter_points import ParameterRange
from .pareto import hypervolume, losses, pareto_front
from .study_file import SearchSettings, TargetSettings
from .study_summary import StudySummary, read_results, read_summary
from .study_tasks import canonical_json
from .task_table import StudyError

if TYPE_CHECKING:
    from .study_folder import OpenStudy

JOURNAL, SEARCH = "search.log", "search.json"


def next_trials(open_: OpenStudy) -> bool:
    """Tell Optuna of the trials that have ended, and add the settings of the next ones.

    Parameters
    ----------
    open_ : OpenStudy
        Study whose tasks have all ended.

    Returns
    -------
    bool
        Whether there are any.

    Raises
    ------
    StudyError
        If Optuna is not installed, or its journal is damaged.
    """
    search = open_.study.search
    if search is None:
        return False
    summary = None
    if open_.counts[1] or open_.counts[2]:
        open_.finish()
        summary = read_summary(open_.folder, by_beta=False)
    more = False
    for settings in open_.study.targets:
        with _journal(open_.folder) as storage:
            trials = _ask(storage, settings, search, summary, open_)
        with open_.table.transaction():
            for number, parameters in trials:
                open_.add(settings.target, parameters, number)
        more = more or bool(trials)
    if not more and summary is not None:
        _write_search(open_, search, summary)
    return more


def _ask(
    storage: Any, settings: TargetSettings, search: SearchSettings, summary: StudySummary | None, open_: OpenStudy
) -> list[tuple[int, str]]:
    """Tell of ended trials and ask for the next group; settings that repeat an earlier one are told at once."""
    import optuna

    name = canonical_json([open_.table.get("study"), settings.target])
    directions = ["minimize"] * len(search.objectives)
    study = optuna.create_study(storage=storage, study_name=name, directions=directions, load_if_exists=True)
    done = _outcomes(settings.target, search, summary)
    for trial in study.get_trials(deepcopy=False):
        if not trial.state.is_finished() and "setting" in trial.user_attrs:
            _tell(study, trial.number, done.get(trial.user_attrs["setting"]))
    open_trials = [
        (trial.number, trial.user_attrs["setting"])
        for trial in study.get_trials(deepcopy=False)
        if not trial.state.is_finished() and "setting" in trial.user_attrs
    ]
    while len(open_trials) < search.together and len(study.get_trials(deepcopy=False)) < search.trials:
        number = len(study.get_trials(deepcopy=False))
        study.sampler = _sampler(search, number)
        trial = study.ask()
        parameters = canonical_json(_suggested(trial, settings))
        trial.set_user_attr("setting", parameters)
        if parameters in done:
            _tell(study, trial.number, done[parameters])
        else:
            open_trials.append((trial.number, parameters))
    return open_trials


def _tell(study: Any, number: int, values: list[float] | None) -> None:
    import optuna

    if values is None:
        return
    if all(np.isfinite(values)):
        study.tell(number, values)
    else:  # it does not fit, or failed
        study.tell(number, state=optuna.trial.TrialState.FAIL)


def _outcomes(target: str, search: SearchSettings, summary: StudySummary | None) -> dict[str, list[float]]:
    """Mean losses over devices of every setting that has results."""
    if summary is None:
        return {}
    values = losses(summary, search.objectives).mean(axis=1)
    return {
        canonical_json(dict(parameters)): [float(each) for each in values[k]]
        for k, (name, parameters) in enumerate(summary.settings)
        if name == target
    }


def _suggested(trial: Any, settings: TargetSettings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in settings.parameters.items():
        if isinstance(value, ParameterRange) and value.integer:
            found[name] = trial.suggest_int(name, int(value.low), int(value.high), log=value.log)
        elif isinstance(value, ParameterRange):
            found[name] = float(f"{trial.suggest_float(name, value.low, value.high, log=value.log):.6g}")
        elif isinstance(value, list):
            found[name] = value[trial.suggest_categorical(name, list(range(len(value))))]
        else:
            found[name] = value
    return found


def _sampler(search: SearchSettings, number: int) -> Any:
    import optuna

    seed = int(np.random.SeedSequence([search.seed, number]).generate_state(1)[0])
    if search.sampler == "nsga2":
        return optuna.samplers.NSGAIISampler(population_size=max(8, search.together), seed=seed)
    kinds = {"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}
    return kinds[search.sampler](seed=seed)


class _journal:
    """Journal of Optuna in the folder of a study; without its log on the terminal."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / JOURNAL

    def __enter__(self) -> Any:
        try:
            import optuna
            from optuna.storages import JournalStorage
            from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
        except ImportError:
            raise StudyError("[search] needs Optuna; pip install 'neuromorph[search]'") from None
        self._level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(logging.WARNING)
        lock = Path(f"{self.path}.lock")
        lock.unlink(missing_ok=True)  # the folder is locked: whoever left it there has ended
        try:
            return JournalStorage(JournalFileBackend(str(self.path), JournalFileOpenLock(str(self.path))))
        except (json.JSONDecodeError, KeyError, UnicodeDecodeError) as error:
            raise StudyError(f"{self.path} is damaged ({error}); remove it: tasks that are done stay done") from None

    def __exit__(self, *error: object) -> None:
        import optuna

        optuna.logging.set_verbosity(self._level)


def _write_search(open_: OpenStudy, search: SearchSettings, summary: StudySummary) -> None:
    found = {target: search_result(summary, target, search) for target in dict.fromkeys(t for t, _ in summary.settings)}
    spent = tuning_cost(open_.folder)
    for target, each in found.items():
        each |= spent.get(target, {})
    text = json.dumps(json_value({"objectives": search.objectives, "targets": found}), indent=1)
    write_file(open_.folder / SEARCH, text + "\n")


def search_result(summary: StudySummary, target: str, search: SearchSettings) -> dict[str, Any]:
    """Return the front of a target and its hypervolume.

    Parameters
    ----------
    summary : StudySummary
        Numbers of the search.
    target : str
        Name of the target.
    search : SearchSettings
        Objectives.

    Returns
    -------
    dict of str to object
        ``front``, a list of settings with their objectives; ``hypervolume`` of logarithms of energy and latency up to
        ``reference``, the worst of each; ``trials``.
    """
    chosen = [k for k, (name, _) in enumerate(summary.settings) if name == target]
    values = losses(summary, search.objectives).mean(axis=1)[chosen]
    logs = np.stack(
        [values[:, i] if name == "accuracy" else np.log10(values[:, i]) for i, name in enumerate(search.objectives)], 1
    )
    there = np.isfinite(logs).all(axis=1)
    corner = logs[there].max(axis=0) + 1e-9 if there.any() else np.zeros(len(search.objectives))
    front = []
    for k in np.flatnonzero(pareto_front(values)):
        shown = dict(zip(search.objectives, _shown(values[k], search), strict=True))
        front.append({"parameters": summary.settings[chosen[k]][1], **shown})
    return {"trials": len(chosen), "front": front, "hypervolume": hypervolume(logs, corner), "reference": corner}


def _shown(row: Any, search: SearchSettings) -> Iterator[float]:
    """Accuracy instead of its loss."""
    for name, value in zip(search.objectives, row, strict=True):
        yield 1.0 - float(value) if name == "accuracy" else float(value)


def tuning_cost(folder: Path) -> dict[str, Mapping[str, float]]:
    """Sum what the reads of all tasks would cost on each device.

    Parameters
    ----------
    folder : Path
        Folder of a study with results.

    Returns
    -------
    dict of str to dict
        By target ``tuning_energy_j``, J, and ``tuning_time_s``, s.
    """
    columns = ["target", "reads", "energy_per_read_j", "setup_energy_j", "time_per_read_s"]
    found: dict[str, dict[str, float]] = {}
    for row in read_results(folder).select(columns).to_pylist():
        each = found.setdefault(row["target"], {"tuning_energy_j": 0.0, "tuning_time_s": 0.0})
        each["tuning_energy_j"] += (row["energy_per_read_j"] or 0.0) * row["reads"] + (row["setup_energy_j"] or 0.0)
        each["tuning_time_s"] += (row["time_per_read_s"] or 0.0) * row["reads"]
    return dict(found)
