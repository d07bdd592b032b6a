"""Does a claim reproduce? Its figures and its comparisons, judged together, give one label, with the reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from reprolib.contracts.entry import SCALES, Derived, Row
from reprolib.contracts.source import DATA_KINDS
from reprolib.evidence import claims, quoted
from reprolib.evidence.claims import Claim
from reprolib.evidence.published import Line
from reprolib.evidence.records import Record
from reprolib.judgement.fidelity import departures, fidelity
from reprolib.judgement.hearing import Compared, Figured, Hearing, Known, Name, Setting
from reprolib.judgement.verdicts import LESS, Closeness, Order

Label = Literal[
    "reproduced",
    "reproduced, with less",
    "reproduced, changed",
    "effect shown",
    "inconclusive",
    "not reproduced",
    "not attempted",
]
LABELS: tuple[Label, ...] = get_args(Label)
REPRODUCED: Mapping[str, Label] = {
    "as printed": "reproduced",
    "less": "reproduced, with less",
    "changed": "reproduced, changed",
}
SHOWN = LABELS[: LABELS.index("effect shown") + 1]


@dataclass(frozen=True)
class Judgement:
    """A claim with its label and what it was given for."""

    claim: Claim
    label: Label
    reason: str
    figure: Closeness | None = None
    effect: Order | None = None
    compared: tuple[Compared, ...] = ()
    figures: tuple[Figured, ...] = ()
    setting: Setting | None = None
    n: int = 0  # seeds of the system with the fewest
    records: tuple[Record, ...] = ()


def judged(found: Iterable[Record]) -> list[Judgement]:
    """Every claim with its label, in the order of claims.csv."""
    return Court.of(found).judge_all()


def judged_on(experiment: str, found: Iterable[Record]) -> list[Judgement]:
    """The claims that rest on a row of an experiment, in the order of claims.csv."""
    return Court.of(found).judge_on(experiment)


def _of_others(claim: Claim, every: Sequence[Judgement]) -> Judgement:
    """The claim that all headlines of a paper come out: as weak as the weakest of them."""
    parts = [each for each in every if each.claim.paper == claim.rests_on and each.claim.headline]
    weakest = max(parts, key=lambda each: LABELS.index(each.label))
    reason = f"the weakest headline is {weakest.claim.id}: {weakest.label}"
    return Judgement(claim, weakest.label, reason, n=min(each.n for each in parts))


@dataclass(frozen=True)
class Court:
    """What judges claims by measurements."""

    known: Known
    claims: tuple[Claim, ...]

    @classmethod
    def of(cls, found: Iterable[Record]) -> "Court":
        """The court that judges the claims of claims.csv by these records."""
        return cls(Known.of(found), claims.read())

    def judge_all(self) -> list[Judgement]:
        """Every claim with its label, in the order of claims.csv."""
        every = [self.judge(claim) for claim in self.claims if not claim.rests_on]
        by_id = {judgement.claim.id: judgement for judgement in every}
        return [by_id.get(claim.id) or _of_others(claim, every) for claim in self.claims]

    def judge_on(self, experiment: str) -> list[Judgement]:
        """The claims that rest on a row of an experiment, in the order of claims.csv."""
        return [self.judge(claim) for claim in self.claims if experiment in self._experiments_of(claim)]

    def _experiments_of(self, claim: Claim) -> set[str]:
        """The names of the experiments that a claim rests on rows of."""
        return {self.known.rows[name][0].name for name in self._needed(claim) if name in self.known.rows}

    def around(self, experiment: str) -> set[str]:
        """The names of the experiments whose records decide what is said of one: of its tasks, and of their claims."""
        tasks = {task for (task, _), (home, _) in self.known.rows.items() if home.name == experiment}
        named = [{task for task, _ in self._needed(claim)} for claim in self.claims]
        tasks = tasks.union(*(each for each in named if each & tasks))
        parts = [part for (task, _), (_, row) in self.known.rows.items() if task in tasks for part in row.rows]
        return {self.known.rows[part.task, part.system][0].name for part in parts}

    def rests_on(self, headline: bool) -> set[Name]:
        """The rows on which claims rest, of headlines alone or of all, with those that stand for one of them."""
        needed = {name for claim in self.claims if claim.headline or not headline for name in self._rows_of(claim)}
        stand_ins = {
            (row.task, row.system) for _, row in self.known.rows.values() if (row.task, row.stands_for) in needed
        }
        return needed | stand_ins

    def unsure(self, scale: str) -> set[Name]:
        """The rows whose three seeds at a scale leave a claim unsure that lacks no record: two more are wanted."""
        found = [one for one in self.judge_all() if one.setting and one.setting[0] == scale]
        open_ = [one for one in found if "unsure" in (one.figure, one.effect) and self._is_complete(one)]
        return {(record.task, record.system) for one in open_ for record in one.records if record.learned}

    def _is_complete(self, one: Judgement) -> bool:
        """Whether all rows that a claim rests on have the seeds that a verdict asks for."""
        here = {(record.task, record.system) for record in one.records}
        met = here | {(task, self.known.rows[task, system][1].stands_for) for task, system in here}
        enough = all(self.known.measured[(*name, *one.setting)].enough for name in here)
        return enough and met >= {*self._rows_of(one.claim)}

    def judge(self, claim: Claim) -> Judgement:
        """The claim's best label: by the printed system, or by a row of ours that stands for it."""
        needed = self._needed(claim)
        if claim.waits_for or not needed:
            return self._not_attempted(claim, claim.waits_for or "it is only quoted")
        if absent := [name for name in needed if name not in self.known.rows]:
            return self._not_attempted(claim, self._why_absent(absent))
        parts = [self._by(claim, names) for names in self._casts(needed)]
        return min(parts, key=lambda each: LABELS.index(each.label))

    def _not_attempted(self, claim: Claim, reason: str) -> Judgement:
        figures = Hearing(self.known, ("", ""), {}).figures(claim)
        return Judgement(claim, "not attempted", reason, figures=figures)

    def _needed(self, claim: Claim) -> list[Name]:
        """The (task, system) that have to be measured; what has only a printed figure has not."""
        found = dict.fromkeys((line.task, line.system) for line in claim.lines(self.known.lines))
        for comparison in claim.comparisons:
            for task in self.known.tasks(comparison):
                found |= dict.fromkeys(claims.placed(task, system) for system in comparison.systems)
        return [name for name in found if name in self.known.rows or not quoted.is_quoted(*name)]

    def _rows_of(self, claim: Claim) -> Iterator[Name]:
        """The (task, system) of all rows that have to be run, those that derived figures are made of among them."""
        for name in self._needed(claim):
            parts = self.known.rows[name][1].rows if name in self.known.rows else ()
            yield from ((row.task, row.system) for row in parts) if parts else (name,)

    def _why_absent(self, absent: Sequence[Name]) -> str:
        task, system = absent[0]
        return f"{task}/{system}: {quoted.reason(task, system)}"

    def _casts(self, needed: Sequence[Name]) -> list[dict[Name, Name]]:
        """Who is measured for whom: everybody for itself, or one row in the place of the system that it stands for."""
        casts = [{name: name for name in needed}]
        for task, system in needed:
            casts += [casts[0] | {(task, system): (task, row.system)} for row in self.stand_ins(task, system)]
        return casts

    def stand_ins(self, task: str, system: str) -> list[Row | Derived]:
        """The rows of ours that may carry the claims of a printed system."""
        return [row for _, row in self.known.rows.values() if (row.task, row.stands_for) == (task, system)]

    def marks(
        self, line: Line, setting: Setting, cast: Mapping[Name, Name] | None = None
    ) -> tuple[Closeness | None, list[Compared]]:
        """How close one figure is at a scale and on a kind of data, and the comparisons that it takes part in there.

        Args:
            cast: who is measured in whose place.
        """
        hearing = Hearing(self.known, setting, cast or {})
        compared = (
            replace(each, claim=claim.id)
            for claim in self.claims
            for comparison in claim.comparisons
            if line.system in comparison.systems and line.task in self.known.tasks(comparison)
            for each in hearing.compare(comparison)
        )
        found = [each for each in compared if each.task == line.task and line.metric in each.metric.split(LESS)]
        return hearing.closeness(line), found

    def _by(self, claim: Claim, cast: Mapping[Name, Name]) -> Judgement:
        setting = self._setting(list(cast.values()), cast[self._claimed(claim, list(cast))])
        if setting is None:
            return self._not_attempted(claim, "there is no record above smoke scale")
        hearing = Hearing(self.known, setting, cast)
        figures = hearing.figures(claim)
        compared = tuple(each for comparison in claim.comparisons for each in hearing.compare(comparison))
        figure = _worst([each.closeness or "unsure" for each in figures], get_args(Closeness))
        effect = _worst([each.order for each in compared], get_args(Order))
        here = [found for name in cast.values() if (found := self.known.measured.get((*name, *setting)))]
        fair = not any(each.excused for each in compared)
        label = self._label(figure, effect, fair, cast, setting)
        return Judgement(
            claim,
            label,
            "; ".join(hearing.told(figures, compared)),
            figure,
            effect,
            compared,
            figures,
            setting,
            min((len(one.counted) for one in here if one.trained), default=1) if here else 0,
            tuple(record for one in here for record in one.evidence),
        )

    def _claimed(self, claim: Claim, needed: Sequence[Name]) -> Name:
        """The system that a claim is about: who is ahead in its first comparison, else whose figure comes first."""
        for comparison in claim.comparisons[:1]:
            ahead = [claims.placed(task, comparison.systems[0]) for task in self.known.tasks(comparison)]
            return next((name for name in ahead if name in needed), needed[0])
        return needed[0]

    def _setting(self, names: Sequence[Name], claimed: Name) -> Setting | None:
        """Scale and data: the largest at which all have the seeds that a verdict asks for, else have any record.

        Where they share none, the largest of the system that the claim is about.
        """
        order = [(scale, kind) for scale in reversed(SCALES[1:]) for kind in reversed(DATA_KINDS)]
        there = {s: [self.known.measured.get((*name, *s)) for name in names] for s in order}
        for fit in (
            lambda all_: all(one and one.enough for one in all_),
            lambda all_: all(one and one.counted for one in all_),
            lambda all_: (one := all_[names.index(claimed)]) and one.counted,
        ):
            for setting, found in there.items():
                if fit(found):
                    return setting
        return None

    def _label(self, figure: str | None, effect: str | None, fair: bool, cast: Mapping, setting: Setting) -> Label:
        done = [status for status in (figure, effect) if status is not None]
        here = {name: found for name in cast.values() if (found := self.known.measured.get((*name, *setting)))}
        if done and all(status in ("close", "holds") for status in done):
            every = [departures(self.known.rows[name][1], setting[0], found.evidence) for name, found in here.items()]
            return REPRODUCED[fidelity(each for part in every for each in part)]
        if effect == "holds":
            return "effect shown"
        settled = setting[0] == "paper" and fair and all(one.enough for one in here.values())
        return "not reproduced" if settled else "inconclusive"


def _worst(found: Sequence[str], order: Sequence[str]) -> str | None:
    return max(found, key=order.index) if found else None
