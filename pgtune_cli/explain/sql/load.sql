-- How busy the server is, and how far its replicas are behind. "hidden": sessions of others that this role cannot see.
SELECT (SELECT count(*)
          FROM pg_catalog.pg_stat_activity AS a
         WHERE a.state = 'active' AND a.backend_type = 'client backend' AND a.pid <> pg_catalog.pg_backend_pid()
       ) AS active,
       (SELECT count(*)
          FROM pg_catalog.pg_stat_activity AS a
         WHERE a.query = '<insufficient privilege>'
       ) AS hidden,
       (SELECT extract(epoch FROM max(r.replay_lag))::float8 FROM pg_catalog.pg_stat_replication AS r
       ) AS replicas_behind_s,
       -- one that stands still shows no growing lag, only WAL that it has not replayed
       CASE WHEN NOT pg_catalog.pg_is_in_recovery()
            THEN (SELECT max(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), r.replay_lsn))::int8
                    FROM pg_catalog.pg_stat_replication AS r)
       END AS replicas_behind_bytes,
       CASE WHEN pg_catalog.pg_is_in_recovery()
             AND pg_catalog.pg_last_wal_receive_lsn() IS DISTINCT FROM pg_catalog.pg_last_wal_replay_lsn()
            -- one that has replayed none since it was started is behind since then, at most
            THEN extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(
                   pg_catalog.pg_last_xact_replay_timestamp(), pg_catalog.pg_postmaster_start_time()))::float8
       END AS behind_s
