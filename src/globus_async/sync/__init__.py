"""
Clients for programs without an event loop: scripts, Celery tasks, Prefect's synchronous flows.

`blocking` makes the blocking form of a client or app, in which every coroutine is a plain method. Type checkers read
``__init__.pyi``, which has a class for each: ``python -m tests.sync_stub`` makes it from the clients.
"""

from .proxy import Blocking, blocking, bulk

__all__ = (
    "Blocking",
    "BlockingAuthClient",
    "BlockingAuthLoginClient",
    "BlockingBaseClient",
    "BlockingBatchSubmission",
    "BlockingBulk",
    "BlockingClientApp",
    "BlockingComputeClientV2",
    "BlockingComputeClientV3",
    "BlockingConfidentialAppAuthClient",
    "BlockingConsents",
    "BlockingDirectoryWalk",
    "BlockingDocumentSubmission",
    "BlockingDocumentWatch",
    "BlockingFileStream",
    "BlockingFlowsClient",
    "BlockingGCSClient",
    "BlockingGCSCollectionClient",
    "BlockingGlobusApp",
    "BlockingGlobusAuthorizationCodeFlowManager",
    "BlockingGlobusNativeAppFlowManager",
    "BlockingGroupsClient",
    "BlockingGroupsManager",
    "BlockingNativeAppAuthClient",
    "BlockingPages",
    "BlockingPrefetch",
    "BlockingRunLog",
    "BlockingRunWatch",
    "BlockingSearchClient",
    "BlockingSpecificFlowClient",
    "BlockingStreamedCall",
    "BlockingStreamedResponse",
    "BlockingSubmittedBatches",
    "BlockingTaskWatch",
    "BlockingTimersClient",
    "BlockingTransferClient",
    "BlockingTransferClientV2",
    "BlockingTransport",
    "BlockingUserApp",
    "blocking",
    "bulk",
)

# for annotations; at run time they are one class
BlockingAuthClient = Blocking
BlockingAuthLoginClient = Blocking
BlockingBaseClient = Blocking
BlockingBatchSubmission = Blocking
BlockingBulk = Blocking
BlockingClientApp = Blocking
BlockingComputeClientV2 = Blocking
BlockingComputeClientV3 = Blocking
BlockingConfidentialAppAuthClient = Blocking
BlockingConsents = Blocking
BlockingDirectoryWalk = Blocking
BlockingDocumentSubmission = Blocking
BlockingDocumentWatch = Blocking
BlockingFileStream = Blocking
BlockingFlowsClient = Blocking
BlockingGCSClient = Blocking
BlockingGCSCollectionClient = Blocking
BlockingGlobusApp = Blocking
BlockingGlobusAuthorizationCodeFlowManager = Blocking
BlockingGlobusNativeAppFlowManager = Blocking
BlockingGroupsClient = Blocking
BlockingGroupsManager = Blocking
BlockingNativeAppAuthClient = Blocking
BlockingPages = Blocking
BlockingPrefetch = Blocking
BlockingRunLog = Blocking
BlockingRunWatch = Blocking
BlockingSearchClient = Blocking
BlockingSpecificFlowClient = Blocking
BlockingStreamedCall = Blocking
BlockingStreamedResponse = Blocking
BlockingSubmittedBatches = Blocking
BlockingTaskWatch = Blocking
BlockingTimersClient = Blocking
BlockingTransferClient = Blocking
BlockingTransferClientV2 = Blocking
BlockingTransport = Blocking
BlockingUserApp = Blocking
