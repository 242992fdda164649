"""Mailing: the go, the posting, what the post office accepted, what came back (documents 16 and 20)."""

from datetime import date
from typing import Literal

from pydantic import Field

from models.records.base import (
    ActRecord,
    Code,
    Count,
    Line,
    MaybeItemNumber,
    MaybeLine,
    MaybePersonId,
    MaybeSha256,
    SerialText,
)
from models.records.transfer import Bag


class PostingApproved(ActRecord):
    """差出承認: the go."""

    letters: Count = Field(title="Letters to post")


class Posted(ActRecord):
    """差出 (document 16): the post office receives and counts the letters; who brought them, in what."""

    accepted: Count = Field(title="Accepted number")
    office: Line = Field(title="Post office")
    posted_on: date = Field(title="Posted on")
    slip: Line = Field(title="Number of the posting slip")
    giver: MaybePersonId = Field(default="", title="Handed over by")
    carrier: MaybePersonId = Field(default="", title="Carried by, if not by the giver")
    locked_bag: bool | None = Field(default=None, title="Carried in a locked bag or the like")
    bag: Bag = Field(default="container", title="Kind of locked bag")
    bag_number: MaybeLine = Field(default="", title="Number of the bag")
    already_happened: bool = Field(default=False, title="It has already happened")


class PostingReported(ActRecord):
    """差出票写し."""

    accepted: Count = Field(title="Accepted number")
    slip_copy: MaybeSha256 = Field(default="", title="Copy of the posting slip (file)")


class RetrievalRequested(ActRecord):
    """取戻請求 (郵便法34条): a posted piece is asked back from the post office; always an incident."""

    serials: SerialText = Field(title="Serials asked back")
    reason: Code = Field(title="Reason code")
    office: Line = Field(title="Post office")
    requested_on: date = Field(title="Requested on")


class MailReturned(ActRecord):
    """返戻記録: by serial and reason, and what becomes of it; recorded again when that changes.

    What comes in from the post office has its slip; what is kept lies in a stack, until a day that is set for it.
    """

    serials: SerialText = Field(title="Serials of returned mail")
    reason: Code = Field(title="Reason code")
    outcome: Literal["kept", "resent", "handed_over", "destroyed"] = Field(default="kept", title="What becomes of it")
    stack: MaybeItemNumber = Field(default="", title="Number of the stack of returned letters")
    keep_until: date | None = Field(default=None, title="Destroyed, sent again or handed over by")
    office: MaybeLine = Field(default="", title="Post office")
    receiver: MaybePersonId = Field(default="", title="Received by")
    slip: MaybeLine = Field(default="", title="Slip number")
    already_happened: bool = Field(default=False, title="It has already happened")


class ReturnedMailClosed(ActRecord):
    """返戻の受付終了: how many pieces came back, by reason; those that nobody recorded by serial lie in a stack too."""

    returned: dict[Code, Count] = Field(default_factory=dict, title="Returned mail by reason")
    stack: MaybeItemNumber = Field(default="", title="Number of the stack of returned letters")
    keep_until: date | None = Field(default=None, title="Destroyed, sent again or handed over by")
