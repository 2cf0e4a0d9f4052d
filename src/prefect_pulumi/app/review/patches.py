"""Live values as patches of the project's files, each tried before it is shown: `git apply` takes it, the program runs
with it, and asks for the live value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from prefect_pulumi.app.review.trial import Outcome
from prefect_pulumi.core.errors import OperationError, PrefectPulumiError
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.core.yaml_source import YamlError, decode
from prefect_pulumi.project import git, layout
from prefect_pulumi.project.passphrase import NO_SALT
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.review.edits.adoption import Adopted, Code, LeftOut, Target, adopt, target_of, targets
from prefect_pulumi.review.edits.patch import unified_diff, with_line_ends
from prefect_pulumi.review.model import Class, Item
from prefect_pulumi.review.remedies import with_diff

MOST_MODULES = 200
MOST_DIFFS = 50
"""A report offers this many; `infra adopt` has no limit."""
MOST_TRIALS = 24
"""Runs of the program: one when all goes well, some more to find the edit that breaks it."""
_NOT_FROM_THERE = "the program does not take it from there: edit it by hand"
_ONLY_TOGETHER = "its patch alone leaves a program that does not run ({}): infra adopt prints it with the others"
_HIDDEN = "its lines hold a secret or the salt of this stack: infra adopt prints the patch"


class Trial(Protocol):
    def run(self, files: Mapping[str, bytes]) -> Outcome:
        """What the program makes of changed files: path -> content."""
        ...


OpenTrial = Callable[[Sequence[Item]], AbstractContextManager[Trial]]


@dataclass(frozen=True)
class Patches:
    """`together`: the patch of all; `each`: key of an item -> its own, which stands alone; `left`: what is in none;
    `only_together`: what has no patch of its own."""

    together: str = ""
    each: Mapping[str, str] = field(default_factory=dict)
    left: tuple[LeftOut, ...] = ()
    only_together: tuple[LeftOut, ...] = ()


def code_of(stack: Stack) -> Code:
    """The files that may have to change."""
    root = stack.project_dir  # a stack that is pinned to a release is changed in the working tree all the same
    config, deploys = stack.config_file.name, _deployment_files(stack)
    modules = [
        path.relative_to(root).as_posix()
        for path in sorted((root / (stack.project.main or ".")).rglob("*.py"))
        if not {layout.WORK_FOLDER, ".venv", "__pycache__"} & set(path.relative_to(root).parts)
    ][:MOST_MODULES]
    names = [name for name in (config, *deploys) if (root / name).is_file()]
    files = {name: decode((root / name).read_bytes(), name) for name in names}
    for name in modules:
        with suppress(YamlError):  # a module in another encoding is edited by hand
            files[name] = decode((root / name).read_bytes(), name)
    return Code(
        stack.project.name,
        files,
        config=config if config in files else "",
        deploys=[name for name in deploys if name in files],
        program=[name for name in modules if name in files],
    )


def _deployment_files(stack: Stack) -> list[str]:
    """Of a stack file in error only the one that is there without it."""
    settings: Any = None
    with suppress(PrefectPulumiError):
        settings = stack.environment.get("deploy")
    folders = settings.get("directories") if isinstance(settings, dict) else None
    return ["prefect.yaml", *(f"{folder}/prefect.yaml" for folder in (folders if isinstance(folders, dict) else ()))]


def find_patches(stack: Stack, items: Sequence[Item], trial: OpenTrial) -> Patches:
    """Patches for drifted items. What does not survive its trial is left out with the reason, and the rest is given."""
    code = code_of(stack)
    everything = adopt(code, items)
    if not everything.changed(code):
        return Patches(left=tuple(everything.left))
    writer = _Writer(stack, code)
    with trial(items) as opened:
        search = _Search(code, items, writer, opened)
        adopted = search.result()
        alone = search.alone(adopted)
    names = {item.key: f"{item.kind} {item.name}" for item in items}
    only = [LeftOut(key, names[key], "", _ONLY_TOGETHER.format(reason)) for key, reason in alone.items()]
    each = {}
    for item in items:
        own = adopt(code, [item], search.excluded)
        patch = writer.patch(own) if item.key not in alone else ""
        if refusal := git.refusal(stack.project_dir, patch) if patch else "":
            only.append(LeftOut(item.key, names[item.key], "", f"git apply refuses its patch: {refusal}"))
        else:
            each[item.key] = patch
    return Patches(writer.patch(adopted), each, tuple(adopted.left), tuple(only))


class _Writer:
    """The changed files as bytes: for a trial as they are on disk, for a patch as git stores them."""

    def __init__(self, stack: Stack, code: Code) -> None:
        self._root = stack.project_dir
        self._code = code
        self._prefix = git.prefix(self._root)
        self._stored: dict[str, bytes] = {}

    def contents(self, adopted: Adopted) -> dict[str, bytes]:
        changed = adopted.changed(self._code)
        return {path: with_line_ends((self._root / path).read_bytes(), text) for path, text in changed.items()}

    def patch(self, adopted: Adopted) -> str:
        parts = []
        for path, new in self.contents(adopted).items():
            if path not in self._stored:
                self._stored[path] = git.as_stored(self._root, path, (self._root / path).read_bytes())
            after = git.as_stored(self._root, path, new)
            try:
                parts.append(unified_diff(self._prefix + path, self._stored[path], after))
            except UnicodeDecodeError as error:
                raise OperationError("git stores it in another form than text", where=path) from error
        return "".join(parts)


class _Search:
    """Which edits survive: found with one run of the program when all do, else by halves."""

    def __init__(self, code: Code, items: Sequence[Item], writer: _Writer, trial: Trial) -> None:
        self.excluded: dict[Target, str] = {}
        self._code, self._items, self._writer, self._trial = code, items, writer, trial
        self._runs = count(1)

    def result(self) -> Adopted:
        while True:
            adopted = adopt(self._code, self._items, self.excluded)
            if not adopted.changed(self._code):
                return adopted
            outcome = self._run(adopted)
            if outcome is None:
                self._exclude(self._items, "it could not be tried among so many: adopt it by its name")
            elif outcome.problem:
                for item, reason in self._culprits(self._items, outcome.problem):
                    broken = dict.fromkeys(self._broken(item), f"the program does not run with it ({reason})")
                    self.excluded.update(broken)
            elif wrong := outcome.still & adopted.targets:
                self.excluded.update(dict.fromkeys(wrong, _NOT_FROM_THERE))
            else:
                return adopted

    def alone(self, adopted: Adopted) -> dict[str, str]:
        """Key -> reason, of the objects that can be taken out with the others only."""
        gone = [item for item in self._items if item.cls is Class.MISSING_LIVE and (item.key, "") in adopted.targets]
        reasons = {}
        for item in gone if len({key for key, _ in adopted.targets}) > 1 else []:
            outcome = self._run(adopt(self._code, [item], self.excluded))
            if outcome is None or outcome.problem:
                reasons[item.key] = "not tried" if outcome is None else outcome.problem
        return reasons

    def _run(self, adopted: Adopted) -> Outcome | None:
        """None when the program has run often enough."""
        return self._trial.run(self._writer.contents(adopted)) if next(self._runs) <= MOST_TRIALS else None

    def _culprits(self, items: Sequence[Item], problem: str) -> list[tuple[Item, str]]:
        """Of items whose edits together break the program. Two halves that do so only together lose the second."""
        if len(items) == 1:
            return [(items[0], problem)]
        middle = len(items) // 2
        culprits: list[tuple[Item, str]] = []
        for half in (items[:middle], items[middle:]):
            outcome = self._run(adopt(self._code, half, self.excluded))
            if outcome is None:
                culprits += [(item, "not tried alone") for item in half]
            elif outcome.problem:
                culprits += self._culprits(half, outcome.problem)
        return culprits or [(item, problem) for item in items[middle:]]

    def _broken(self, item: Item) -> list[Target]:
        """Of an item with which the program does not run, the fields at fault; all where none is alone."""
        own = [target_of(item, change) for change in targets(item)]
        broken = []
        for target in own if len(own) > 1 else []:
            others = dict.fromkeys((other for other in own if other != target), "")
            outcome = self._run(adopt(self._code, [item], {**others, **self.excluded}))
            if outcome is None or outcome.problem:
                broken.append(target)
        return broken or own

    def _exclude(self, items: Sequence[Item], reason: str) -> None:
        for item in items:
            self.excluded.update({target_of(item, change): reason for change in targets(item)})


def with_patches(stack: Stack, items: Sequence[Item], trial: OpenTrial, masker: Masker) -> list[Item]:
    """The items, each that can be adopted with its own patch, and with what that leaves out."""
    wanted = [item for item in items if item.drifted and item.counts and item.cls is not Class.UNMANAGED_LIVE]
    if not wanted:
        return list(items)
    patches = find_patches(stack, wanted[:MOST_DIFFS], trial)
    salt, result = stack.config.salt, []
    for item in items:
        diff = patches.each.get(item.key, "")
        left = [entry for entry in (*patches.left, *patches.only_together) if entry.key == item.key]
        if diff and (masker.text(diff) != diff or (salt not in ("", NO_SALT) and salt in diff)):
            diff, left = "", [*left, LeftOut(item.key, "", "", _HIDDEN)]
        result.append(with_diff(item, diff, [masker.text(entry.text) for entry in left]))
    return result
