"""What tests of the run history share: a moment, and who holds the store then."""

from __future__ import annotations

from datetime import UTC, datetime

from gridtool.jobs.store.lock import Holder

NOW = datetime(2027, 1, 12, 6, tzinfo=UTC)
HOLDER = Holder(job="night", pid=1, host="here", since="2027-01-12T06:00:00+00:00")
