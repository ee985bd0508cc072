"""What the statements of a purchase are given, by one name in all of them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Integer, String, bindparam

from learnhub_desktop.db.types import Money

KEY: Final = bindparam("key", type_=String())
STUDENT_ID: Final = bindparam("student_id", type_=Integer())
COURSE_ID: Final = bindparam("course_id", type_=Integer())
SALE_ID: Final = bindparam("sale_id", type_=Integer())
PAYMENT_ID: Final = bindparam("payment_id", type_=Integer())
PRICE: Final = bindparam("price", type_=Money())
CURRENCY: Final = bindparam("currency", type_=String())
