-- reads: version, database, role and rights of this session
-- needs: any login
SELECT /* pgtune */
    current_setting('server_version_num')::int AS version_num,
    version() AS version,
    current_database()::text AS database,
    current_user::text AS "user",
    quote_ident(current_database()) AS database_sql,
    quote_ident(current_user) AS user_sql,
    r.rolsuper AS superuser,
    r.rolbypassrls AS bypasses_row_security,
    pg_has_role(d.datdba, 'USAGE') AS owner,
    pg_has_role('pg_read_all_stats', 'USAGE') AS reads_all_stats,
    pg_is_in_recovery() AS in_recovery,
    pg_encoding_to_char(d.encoding)::text AS encoding,
    d.datcollate::text AS "collate",
    d.datctype::text AS ctype,
    -- datlocprovider came with 15
    coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') AS locale_provider,
    current_setting('block_size')::int AS block_size
FROM pg_catalog.pg_database AS d
JOIN pg_catalog.pg_roles AS r ON r.rolname = current_user
WHERE d.datname = current_database()
