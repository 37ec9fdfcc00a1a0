"""The database model of a note."""

from __future__ import annotations

from sqlalchemy import BigInteger, Identity, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base


class Note(Base):
    """A text with a unique title."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True
    )
    title: Mapped[str] = mapped_column(Text, unique=True)
    text: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)

    # Optimistic locking: an update fails if the version has changed since it was read.
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it once
