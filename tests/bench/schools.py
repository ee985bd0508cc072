"""What is bought: a school as the program makes it, and the same tables without its triggers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from learnhub_desktop.db.school import NewSchool, create
from learnhub_desktop.domain.states import SchoolKind
from tests.bench import procedures
from tests.servers.server import Server

PRICE: Final = "49.00"
SALE_PRICE: Final = "4.90"
CURRENCY: Final = "USD"
_CHUNK: Final = 1_000

# The columns that the procedures write, with the keys and indexes that a school has on them.
_PLAIN: Final = (
    """CREATE TABLE users (user_id BIGINT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(100) NOT NULL,
      email VARCHAR(254) NOT NULL UNIQUE, user_type VARCHAR(32) NOT NULL DEFAULT 'student')""",
    """CREATE TABLE courses (course_id BIGINT PRIMARY KEY AUTO_INCREMENT,
      instructor_id BIGINT NOT NULL, title VARCHAR(200) NOT NULL, price DECIMAL(12,2) NOT NULL,
      currency VARCHAR(3) NOT NULL, total_enrollments INT NOT NULL DEFAULT 0, INDEX (title),
      FOREIGN KEY (instructor_id) REFERENCES users (user_id))""",
    """CREATE TABLE flash_sales (sale_id BIGINT PRIMARY KEY AUTO_INCREMENT,
      course_id BIGINT NOT NULL, max_seats INT NOT NULL, seats_taken INT NOT NULL DEFAULT 0,
      discount_price DECIMAL(12,2) NOT NULL, currency VARCHAR(3) NOT NULL,
      start_time DATETIME(6) NOT NULL, end_time DATETIME(6) NOT NULL,
      FOREIGN KEY (course_id) REFERENCES courses (course_id))""",
    """CREATE TABLE enrollments (enrollment_id BIGINT PRIMARY KEY AUTO_INCREMENT,
      student_id BIGINT NOT NULL, course_id BIGINT NOT NULL,
      enrolled_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)), UNIQUE (student_id, course_id),
      INDEX (enrolled_at), FOREIGN KEY (student_id) REFERENCES users (user_id),
      FOREIGN KEY (course_id) REFERENCES courses (course_id))""",
    """CREATE TABLE payments (payment_id BIGINT PRIMARY KEY AUTO_INCREMENT,
      user_id BIGINT NOT NULL, enrollment_id BIGINT, amount DECIMAL(12,2) NOT NULL CHECK (amount > 0),
      payment_method VARCHAR(32), status VARCHAR(32) NOT NULL, transaction_id VARCHAR(100) UNIQUE,
      created_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)), processed_at DATETIME(6),
      INDEX (user_id, created_at), INDEX (status, created_at),
      FOREIGN KEY (user_id) REFERENCES users (user_id),
      FOREIGN KEY (enrollment_id) REFERENCES enrollments (enrollment_id))""",
    """CREATE TABLE payment_events (event_id BIGINT PRIMARY KEY AUTO_INCREMENT,
      payment_id BIGINT NOT NULL, event_type VARCHAR(32) NOT NULL, event_data JSON,
      created_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)), INDEX (payment_id),
      INDEX (created_at), FOREIGN KEY (payment_id) REFERENCES payments (payment_id))""",
)


@dataclass(frozen=True, slots=True)
class Sale:
    sale_id: int
    course_id: int


class School:
    """One database with students to sell to; each buys once, so that no rule fires."""

    def __init__(self, server: Server, name: str, *, students: int) -> None:
        self.name = name
        self._connection = server.connect(name)
        procedures.make(self._connection)
        with self._cursor() as cursor:
            cursor.execute("CREATE TABLE bench_counter (id INT PRIMARY KEY, n INT NOT NULL)")
            cursor.executemany(
                "INSERT INTO bench_counter VALUES (%s, 0)", [(each,) for each in range(32)]
            )
            people = [(f"Student {n}", f"student{n}@example.org") for n in range(students)]
            for start in range(0, students, _CHUNK):
                cursor.executemany(
                    "INSERT INTO users (name, email) VALUES (%s, %s)",
                    people[start : start + _CHUNK],
                )
            cursor.execute(
                "INSERT INTO users (name, email, user_type)"
                " VALUES ('Grace', 'grace@example.org', 'instructor')"
            )
            self._instructor = cursor.lastrowid
            cursor.execute("SELECT user_id FROM users WHERE user_type = 'student' ORDER BY user_id")
            self._students = iter([row[0] for row in cursor.fetchall()])

    def _cursor(self) -> Any:
        return self._connection.cursor()

    def close(self) -> None:
        self._connection.close()

    def students(self, count: int) -> list[int]:
        """Students who have bought nothing yet."""
        return list(itertools.islice(self._students, count))

    def course(self) -> int:
        with self._cursor() as cursor:
            cursor.execute(
                "INSERT INTO courses (instructor_id, title, price, currency)"
                " VALUES (%s, 'Course of the bench', %s, %s)",
                (self._instructor, PRICE, CURRENCY),
            )
            return int(cursor.lastrowid)

    def sale(self, seats: int) -> Sale:
        course_id = self.course()
        with self._cursor() as cursor:
            cursor.execute(
                "INSERT INTO flash_sales (course_id, max_seats, discount_price, currency,"
                " start_time, end_time) VALUES (%s, %s, %s, %s,"
                " UTC_TIMESTAMP(6) - INTERVAL 1 HOUR, UTC_TIMESTAMP(6) + INTERVAL 1 DAY)",
                (course_id, seats, SALE_PRICE, CURRENCY),
            )
            return Sale(int(cursor.lastrowid), course_id)

    def sold(self, sale: Sale) -> tuple[int, int]:
        """Seats taken as the sale counts them, and enrolments as they stand."""
        with self._cursor() as cursor:
            cursor.execute("SELECT seats_taken FROM flash_sales WHERE sale_id = %s", sale.sale_id)
            taken = int(cursor.fetchone()[0])
            cursor.execute("SELECT COUNT(*) FROM enrollments WHERE course_id = %s", sale.course_id)
            return taken, int(cursor.fetchone()[0])

    def enrolled(self, course_ids: set[int]) -> int:
        marks = ", ".join(["%s"] * len(course_ids))
        with self._cursor() as cursor:
            cursor.execute(
                f"SELECT COUNT(*) FROM enrollments WHERE course_id IN ({marks})", tuple(course_ids)
            )
            return int(cursor.fetchone()[0])


@contextmanager
def two_schools(server: Server, *, students: int) -> Iterator[tuple[School, School]]:
    """The program's own school, and one on plain tables."""
    create(server.url("bench"), NewSchool(name="Bench", kind=SchoolKind.TEST))
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE bench_plain CHARACTER SET utf8mb4")
        cursor.execute("USE bench_plain")
        for statement in _PLAIN:
            cursor.execute(statement)
    made = [School(server, name, students=students) for name in ("bench", "bench_plain")]
    try:
        yield made[0], made[1]
    finally:
        for school in made:
            school.close()
