"""Random sequences of file operations and tasks, compared with a simple model of the emulator."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from globus_async.testing import MemoryStorage
from tests.emulator.transfer_world import TransferWorld
from tests.toolkit.random_cases import cases

pytestmark = pytest.mark.slow

Path_ = tuple[str, ...]
PATHS = st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map(tuple)
CONTENTS = st.binary(max_size=3)
SIDES = st.sampled_from(["memory", "real"])
MOSTLY = st.integers(0, 4).map(bool)
DEEPEST = 4
INITIAL_TREES = st.dictionaries(PATHS, st.none() | CONTENTS, min_size=2, max_size=6)


class Tree(dict[Path_, "bytes | None"]):
    """File contents by path, ``None`` for directories."""

    def is_directory(self, path: Path_) -> bool:
        return path == () or (path in self and self[path] is None)

    def is_file(self, path: Path_) -> bool:
        return self.get(path) is not None

    def exists(self, path: Path_) -> bool:
        return path == () or path in self

    def children(self, path: Path_) -> list[Path_]:
        return sorted(each for each in self if len(each) == len(path) + 1 and each[: len(path)] == path)

    def below(self, path: Path_) -> list[Path_]:
        return sorted(each for each in self if each[: len(path)] == path)

    def ensure_directory(self, path: Path_) -> bool:
        """Create a directory and its missing parents; return false without a change if one of them is a file."""
        if any(self.is_file(path[:depth]) for depth in range(1, len(path) + 1)):
            return False
        for depth in range(1, len(path) + 1):
            self.setdefault(path[:depth], None)
        return True


def copy(source: Tree, old: Path_, target: Tree, new: Path_, level: int | None) -> bool:
    """Copy like a transfer; return whether everything was copied."""
    if source.is_directory(old):
        if not target.ensure_directory(new):
            return False
        outcomes = [copy(source, child, target, (*new, child[-1]), level) for child in source.children(old)]
        return all(outcomes)
    content = source.get(old)
    if content is None or not target.ensure_directory(new[:-1]) or target.is_directory(new):
        return False
    there = target.get(new)
    skipped = there is not None and (level == 0 or (level == 1 and len(there) == len(content)))
    if not skipped:
        target[new] = content
    return True


def some_path(data: st.DataObject, model: Tree) -> Path_:
    """Draw a path, mostly an existing one."""
    return data.draw(st.sampled_from(sorted(model)) if model and data.draw(MOSTLY) else PATHS)


def some_target(data: st.DataObject, model: Tree) -> Path_:
    """Draw a path, mostly one in an existing directory."""
    directories = [(), *(path for path in sorted(model) if model.is_directory(path) and len(path) < DEEPEST)]
    inside = st.builds(lambda above, name: (*above, name), st.sampled_from(directories), st.sampled_from("abc"))
    return data.draw(inside if data.draw(MOSTLY) else PATHS)


class Histories(RuleBasedStateMachine):
    """A collection in memory and one in a real directory, each with its model."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.world: TransferWorld = self.runner.run(self.made())
        real = self.world.emulator.add_collection("Real", path=self.root)
        memory = self.world.emulator.add_collection("Memory", storage=MemoryStorage())
        self.collections = {"memory": memory, "real": real}
        self.models = {"memory": Tree(), "real": Tree()}

    async def made(self) -> TransferWorld:
        return TransferWorld()

    def teardown(self) -> None:
        async def close() -> None:
            await self.world.emulator.aclose()
            await self.world.http.aclose()

        self.runner.run(close())
        self.runner.close()
        shutil.rmtree(self.root)

    @initialize(beginnings=st.tuples(INITIAL_TREES, INITIAL_TREES))
    def create_trees(self, beginnings: tuple[dict[Path_, bytes | None], ...]) -> None:
        for side, beginning in zip(self.models, beginnings, strict=True):
            model = self.models[side]
            for path, content in sorted(beginning.items()):
                if model.exists(path) or not self.ensure_directories(side, path[:-1]):
                    continue
                if content is None:
                    self.ensure_directories(side, path)
                else:
                    self.write(side, path, content)

    def ensure_directories(self, side: str, path: Path_) -> bool:
        missing = [path[:depth] for depth in range(1, len(path) + 1) if not self.models[side].exists(path[:depth])]
        if not self.models[side].ensure_directory(path):
            return False
        for each in missing:
            self.collections[side].storage.make_directory(each)  # type: ignore[union-attr]
        return True

    def write(self, side: str, path: Path_, content: bytes) -> None:
        upload = self.collections[side].storage.create(path)  # type: ignore[union-attr]
        upload.write(content)
        upload.commit()
        self.models[side][path] = content

    async def operation(self, side: str, name: str, body: dict[str, Any]) -> bool:
        path = f"/operation/endpoint/{self.collections[side].id}/{name}"
        return (await self.world.send("POST", path, body)).is_success

    def task(
        self, document: dict[str, Any], before: Callable[[str], Any] | None = None, *, seconds: float = 2
    ) -> tuple[str, str]:
        """Submit a task, advance the clock, and return its status; a task that has not ended is cancelled."""

        async def run() -> tuple[str, str]:
            task_id = await self.world.submit(document)
            if before is not None:
                await before(task_id)
            await self.world.emulator.advance(seconds)
            first = (await self.world.task(task_id))["status"]
            if first in {"SUCCEEDED", "FAILED"}:
                return first, first
            await self.world.ok("POST", f"/task/{task_id}/cancel")
            return first, (await self.world.task(task_id))["status"]

        return self.runner.run(run())

    @rule(side=SIDES, data=st.data(), content=CONTENTS)
    def write_a_file(self, side: str, data: st.DataObject, content: bytes) -> None:
        model = self.models[side]
        path = some_target(data, model)
        if model.is_directory(path[:-1]) and not model.is_directory(path):
            self.write(side, path, content)

    @rule(side=SIDES, data=st.data())
    def make_directory(self, side: str, data: st.DataObject) -> None:
        model = self.models[side]
        path = some_target(data, model)
        possible = model.is_directory(path[:-1]) and not model.exists(path)
        assert self.runner.run(self.operation(side, "mkdir", {"path": "/" + "/".join(path)})) is possible
        if possible:
            model[path] = None

    @rule(side=SIDES, data=st.data())
    def rename(self, side: str, data: st.DataObject) -> None:
        model = self.models[side]
        old, new = some_path(data, model), some_target(data, model)
        inside = new[: len(old)] == old
        possible = model.exists(old) and model.is_directory(new[:-1]) and not model.exists(new) and not inside
        body = {"old_path": "/" + "/".join(old), "new_path": "/" + "/".join(new)}
        assert self.runner.run(self.operation(side, "rename", body)) is possible
        if possible:
            for path in model.below(old):
                model[new + path[len(old) :]] = model.pop(path)

    @rule(
        sides=st.tuples(SIDES, SIDES),
        data=st.data(),
        level=st.sampled_from([None, 0, 1, 1]),
        recursive=st.sampled_from([None, None, None, True, False]),
    )
    def transfer(self, sides: tuple[str, str], data: st.DataObject, level: int | None, recursive: bool | None) -> None:
        source, target = (self.models[side] for side in sides)
        old, new = some_path(data, source), some_target(data, target)
        if source is target and (new[: len(old)] == old or old[: len(new)] == new):
            return
        kind_fits = recursive is None or not source.exists(old) or source.is_directory(old) is recursive
        document = self.world.transfer(
            ("/" + "/".join(old), "/" + "/".join(new)),
            recursive=recursive,
            sync_level=level,
            source_endpoint=self.collections[sides[0]].id,
            destination_endpoint=self.collections[sides[1]].id,
            verify_checksum=True,
        )
        first, last = self.task(document)
        if not kind_fits:
            assert (first, last) == ("FAILED", "FAILED")
        elif copy(source, old, target, new, level):
            assert (first, last) == ("SUCCEEDED", "SUCCEEDED")
        else:
            assert (first, last) == ("ACTIVE", "FAILED")

    @rule(sides=st.tuples(SIDES, SIDES), data=st.data())
    def transfer_that_is_cancelled_at_once(self, sides: tuple[str, str], data: st.DataObject) -> None:
        old, new = some_path(data, self.models[sides[0]]), some_target(data, self.models[sides[1]])
        document = self.world.transfer(
            ("/" + "/".join(old), "/" + "/".join(new)),
            recursive=False,
            source_endpoint=self.collections[sides[0]].id,
            destination_endpoint=self.collections[sides[1]].id,
        )
        cancel = lambda task_id: self.world.ok("POST", f"/task/{task_id}/cancel")  # noqa: E731
        assert self.task(document, cancel) == ("FAILED", "FAILED")

    @rule(sides=st.tuples(SIDES, SIDES), data=st.data(), content=CONTENTS)
    def transfer_with_a_late_source(self, sides: tuple[str, str], data: st.DataObject, content: bytes) -> None:
        source, target = (self.models[side] for side in sides)
        old, new = some_target(data, source), some_target(data, target)
        overlaps = source is target and (new[: len(old)] == old or old[: len(new)] == new)
        if source.exists(old) or not source.is_directory(old[:-1]) or overlaps:
            return

        async def come(task_id: str) -> None:
            await self.world.emulator.advance(2)
            assert (await self.world.task(task_id))["faults"] == 1
            self.write(sides[0], old, content)

        document = self.world.transfer(
            ("/" + "/".join(old), "/" + "/".join(new)),
            source_endpoint=self.collections[sides[0]].id,
            destination_endpoint=self.collections[sides[1]].id,
        )
        outcome = self.task(document, come, seconds=10)
        arrives = copy(source, old, target, new, None)
        assert outcome == (("SUCCEEDED", "SUCCEEDED") if arrives else ("ACTIVE", "FAILED"))

    @rule(side=SIDES, data=st.data(), recursive=st.booleans(), ignore_missing=st.booleans())
    def delete(self, side: str, data: st.DataObject, recursive: bool, ignore_missing: bool) -> None:
        model = self.models[side]
        path = some_path(data, model)
        document = self.world.delete(
            "/" + "/".join(path), collection=self.collections[side], recursive=recursive, ignore_missing=ignore_missing
        )
        first, last = self.task(document)
        if not model.exists(path):
            expected = "SUCCEEDED" if ignore_missing else "FAILED"
        else:
            expected = "FAILED" if model.is_directory(path) and not recursive else "SUCCEEDED"
            if expected == "SUCCEEDED":
                for each in model.below(path):
                    del model[each]
        assert (first, last) == (expected, expected)

    @rule(side=SIDES, data=st.data())
    def list_directory(self, side: str, data: st.DataObject) -> None:
        model = self.models[side]
        path = some_path(data, model)
        url = f"/operation/endpoint/{self.collections[side].id}/ls"
        response = self.runner.run(self.world.send("GET", url, path="/" + "/".join(path)))
        assert response.is_success is model.is_directory(path)
        if response.is_success:
            assert [each["name"] for each in response.json()["DATA"]] == [each[-1] for each in model.children(path)]

    @invariant()
    def trees_agree(self) -> None:
        for side, model in self.models.items():
            found = Tree()
            self.walk(side, (), found)
            assert found == model

    def walk(self, side: str, path: Path_, found: Tree) -> None:
        storage = self.collections[side].storage
        assert storage is not None
        for entry in storage.entries(path):
            below = (*path, entry.name)
            if entry.is_directory:
                found[below] = None
                self.walk(side, below, found)
            else:
                with storage.open(below) as file:
                    found[below] = file.read()


TestHistories = pytest.mark.timeout(420)(Histories.TestCase)  # shrinking a failure takes up to 300 seconds
TestHistories.settings = settings(
    max_examples=cases(60),
    stateful_step_count=30,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
