"""The states of the services beside Auth and Transfer, as attributes of the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .registry import Emulator

if TYPE_CHECKING:
    from .compute.state import ComputeState
    from .files.state import FilesState
    from .flows.state import FlowsState
    from .gcs.state import GCSState
    from .groups.state import GroupsState
    from .search.state import SearchState
    from .timers.state import TimersState

__all__ = ("StatesOfServices",)


class StatesOfServices(Emulator):
    """An emulator that has these services."""

    @property
    def timers(self) -> TimersState:
        """The state of the emulated Timers: timers and their runs."""
        state: TimersState = self.services["timers"].state
        return state

    @property
    def search(self) -> SearchState:
        """The state of the emulated Search: indices with their entries, roles and tasks."""
        state: SearchState = self.services["search"].state
        return state

    @property
    def flows(self) -> FlowsState:
        """The state of the emulated Flows: flows, runs, web inputs and actions."""
        state: FlowsState = self.services["flows"].state
        return state

    @property
    def gcs(self) -> GCSState:
        """The state of the emulated Globus Connect Server: endpoints with their gateways and collections."""
        state: GCSState = self.services["gcs"].state
        return state

    @property
    def groups(self) -> GroupsState:
        """The state of the emulated Groups: groups with their policies and memberships."""
        state: GroupsState = self.services["groups"].state
        return state

    @property
    def files(self) -> FilesState:
        """The state of the emulated HTTPS servers of collections."""
        state: FilesState = self.services["files"].state
        return state

    @property
    def compute(self) -> ComputeState:
        """The state of the emulated Compute: endpoints, functions and tasks."""
        state: ComputeState = self.services["compute"].state
        return state
