"""The receipts of jobs: what `Run.once` has committed."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotation

from sqlalchemy import DateTime, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base


class Receipt(Base):
    """The effect of a job has been committed."""

    __tablename__ = "job_receipts"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    written_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.current_timestamp()
    )
