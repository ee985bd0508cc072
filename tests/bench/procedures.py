"""The baseline: a school's database that sells by stored procedures, one CALL a purchase.

They take the steps of the procedures that a school would write for itself: no idempotency
key, no gateway, no hold, no fraud rules, no limit of the course. Each answers by a row, so
that the answer costs no second question.
"""

from __future__ import annotations

from typing import Any, Final

BUY: Final = "bench_buy"
BUY_IN_SALE: Final = "bench_buy_in_sale"

_EVENT: Final = (
    "INSERT INTO payment_events (payment_id, event_type, event_data) VALUES (paid, '{}', {});"
)

_BUY: Final = f"""
CREATE PROCEDURE {BUY}(IN buyer BIGINT, IN wanted BIGINT, IN method VARCHAR(32), IN trace VARCHAR(100))
BEGIN
  DECLARE paid, enrolled BIGINT;
  DECLARE cost DECIMAL(12,2);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  SELECT price INTO cost FROM courses WHERE course_id = wanted FOR UPDATE;
  INSERT INTO payments (user_id, amount, payment_method, status, transaction_id)
    VALUES (buyer, cost, method, 'pending', trace);
  SET paid = LAST_INSERT_ID();
  {_EVENT.format("initiated", "JSON_OBJECT('user_id', buyer, 'course_id', wanted, 'amount', cost)")}
  {_EVENT.format("payment_gateway_success", "JSON_OBJECT('transaction_id', trace)")}
  UPDATE payments SET status = 'completed', processed_at = UTC_TIMESTAMP(6)
    WHERE payment_id = paid;
  INSERT INTO enrollments (student_id, course_id) VALUES (buyer, wanted);
  SET enrolled = LAST_INSERT_ID();
  UPDATE payments SET enrollment_id = enrolled WHERE payment_id = paid;
  {_EVENT.format("enrollment_created", "JSON_OBJECT('enrollment_id', enrolled)")}
  UPDATE courses SET total_enrollments = total_enrollments + 1 WHERE course_id = wanted;
  {_EVENT.format("completion_confirmed", "JSON_OBJECT('enrollment_id', enrolled)")}
  COMMIT;
  SELECT 'SUCCESS', enrolled;
END
"""

_BUY_IN_SALE: Final = f"""
CREATE PROCEDURE {BUY_IN_SALE}(IN buyer BIGINT, IN chosen BIGINT)
BEGIN
  DECLARE seats, taken INT;
  DECLARE wanted BIGINT;
  DECLARE cost DECIMAL(12,2);
  DECLARE answer VARCHAR(20) DEFAULT 'SUCCESS';
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  SELECT course_id, max_seats, seats_taken, discount_price INTO wanted, seats, taken, cost
    FROM flash_sales
    WHERE sale_id = chosen AND UTC_TIMESTAMP(6) BETWEEN start_time AND end_time
    FOR UPDATE;
  IF taken >= seats THEN
    SET answer = 'SOLD_OUT';
    ROLLBACK;
  ELSEIF EXISTS (SELECT 1 FROM enrollments WHERE student_id = buyer AND course_id = wanted) THEN
    SET answer = 'ALREADY_ENROLLED';
    ROLLBACK;
  ELSE
    INSERT INTO enrollments (student_id, course_id) VALUES (buyer, wanted);
    INSERT INTO payments (user_id, enrollment_id, amount, status)
      VALUES (buyer, LAST_INSERT_ID(), cost, 'completed');
    UPDATE flash_sales SET seats_taken = seats_taken + 1 WHERE sale_id = chosen;
    COMMIT;
  END IF;
  SELECT answer;
END
"""


def make(connection: Any) -> None:
    with connection.cursor() as cursor:
        for statement in (_BUY, _BUY_IN_SALE):
            cursor.execute(statement)


def call(connection: Any, statement: str, values: tuple[Any, ...]) -> str:
    """Run one CALL and return the first word of its answer."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        answer: str = cursor.fetchone()[0]
        return answer
