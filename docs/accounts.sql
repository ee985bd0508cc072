-- What each kind of account may do in a school's database, on MySQL and on MariaDB.
--
-- Run it as an administrator of the server once the school is made, and again whenever it changes:
--     mysql --user=root --password learnhub < docs/accounts.sql
-- It makes three roles and gives nobody anything: docs/server.md tells how an account gets one.

CREATE ROLE IF NOT EXISTS learnhub_desk, learnhub_jobs, learnhub_admin;

-- A desk, for staff, finance and instructors: reads the school and writes what a day's work
-- writes. It can neither write the audit nor the feed of changes: triggers do that.
GRANT SELECT ON * TO learnhub_desk;
GRANT INSERT, UPDATE ON users TO learnhub_desk;
GRANT INSERT, UPDATE ON courses TO learnhub_desk;
GRANT INSERT, DELETE ON course_tags TO learnhub_desk;
GRANT INSERT, DELETE ON course_prerequisites TO learnhub_desk;
GRANT INSERT, UPDATE, DELETE ON lessons TO learnhub_desk;
GRANT INSERT, UPDATE, DELETE ON quizzes TO learnhub_desk;
GRANT INSERT ON quiz_attempts TO learnhub_desk;
GRANT INSERT, UPDATE ON reviews TO learnhub_desk;
GRANT INSERT, UPDATE ON archived_courses TO learnhub_desk;
GRANT INSERT, UPDATE ON flash_sales TO learnhub_desk;
GRANT INSERT, UPDATE ON enrollments TO learnhub_desk;
GRANT INSERT, UPDATE ON course_access TO learnhub_desk;
GRANT INSERT, UPDATE, DELETE ON lesson_progress TO learnhub_desk;
GRANT INSERT, UPDATE ON payments TO learnhub_desk;
GRANT INSERT ON payment_events TO learnhub_desk;
GRANT INSERT ON balance_movements TO learnhub_desk;
GRANT INSERT, UPDATE ON cards TO learnhub_desk;
GRANT INSERT, UPDATE ON idempotency TO learnhub_desk;
GRANT INSERT, UPDATE ON subscriptions TO learnhub_desk;
GRANT INSERT, UPDATE ON subscription_payments TO learnhub_desk;
GRANT INSERT, UPDATE ON fraud_alerts TO learnhub_desk;
-- Deleting a person's account removes what was written about them, and their own way in.
GRANT UPDATE (comment) ON payments_archive TO learnhub_desk;
GRANT UPDATE (disabled) ON people TO learnhub_desk;
GRANT UPDATE (updated_at) ON school_settings TO learnhub_desk; -- to lock the row

-- Jobs, for the account of the timer and for finance, who may start them too.
GRANT learnhub_desk TO learnhub_jobs;
GRANT INSERT, UPDATE, DELETE ON job_runs TO learnhub_jobs;
GRANT INSERT, UPDATE, DELETE ON daily_revenue_summary TO learnhub_jobs;
GRANT DELETE ON changes TO learnhub_jobs;

-- Administrators of the school: its settings, rules, plans and people.
GRANT learnhub_jobs TO learnhub_admin;
GRANT UPDATE ON school_settings TO learnhub_admin;
GRANT UPDATE ON fraud_detection_rules TO learnhub_admin;
GRANT UPDATE ON subscription_plans TO learnhub_admin;
GRANT INSERT, UPDATE ON people TO learnhub_admin;
