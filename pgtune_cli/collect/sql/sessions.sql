-- reads: how many sessions of this database work, idle, wait for locks, and for how long
-- needs: pg_read_all_stats (a part of pg_monitor) for the sessions of other roles
SELECT /* pgtune */ f.* FROM (
WITH session AS (
    SELECT
        a.*,
        a.query = '<insufficient privilege>' AS hidden,
        a.datname = current_database()
        AND a.application_name NOT LIKE 'pgtune/%'
        AND (a.backend_type = 'client backend' OR a.query = '<insufficient privilege>') AS client
    FROM pg_catalog.pg_stat_activity AS a
    WHERE a.pid <> pg_backend_pid()
),
waiting AS (
    SELECT
        s.pid,
        -- waitstart came with 14
        extract(epoch FROM clock_timestamp() - coalesce(
            (SELECT min((to_jsonb(l) ->> 'waitstart')::timestamptz)
             FROM pg_catalog.pg_locks AS l WHERE l.pid = s.pid AND NOT l.granted),
            s.query_start
        ))::float8 AS seconds
    FROM session AS s
    WHERE s.client AND s.state = 'active' AND s.wait_event_type = 'Lock'
),
longest AS (
    SELECT w.pid FROM waiting AS w ORDER BY w.seconds DESC, w.pid LIMIT 1
)
SELECT
    count(*) FILTER (WHERE s.client) AS total,
    count(*) FILTER (WHERE s.client AND s.hidden) AS hidden,
    count(*) FILTER (WHERE s.client AND s.state = 'active') AS active,
    count(*) FILTER (WHERE s.client AND s.state LIKE 'idle in transaction%') AS idle_in_transaction,
    max(extract(epoch FROM clock_timestamp() - s.state_change)::float8)
        FILTER (WHERE s.client AND s.state LIKE 'idle in transaction%') AS idle_in_transaction_seconds,
    (array_agg(s.application_name::text ORDER BY s.state_change)
        FILTER (WHERE s.client AND s.state LIKE 'idle in transaction%'))[1] AS idle_in_transaction_application,
    max(extract(epoch FROM clock_timestamp() - s.xact_start)::float8) FILTER (WHERE s.client) AS transaction_seconds,
    max(extract(epoch FROM clock_timestamp() - s.query_start)::float8)
        FILTER (WHERE s.client AND s.state = 'active') AS statement_seconds,
    (SELECT count(*) FROM waiting) AS lock_waits,
    (SELECT max(w.seconds) FROM waiting AS w) AS lock_wait_seconds,
    (
        SELECT h.state
        FROM longest AS l
        JOIN session AS h ON h.pid = ANY (pg_blocking_pids(l.pid))
        ORDER BY h.state = 'active', h.pid
        LIMIT 1
    ) AS lock_holder_state,
    max(age(s.backend_xmin)) FILTER (WHERE s.application_name NOT LIKE 'pgtune/%') AS xmin_age
FROM session AS s
) AS f
