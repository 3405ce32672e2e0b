-- reads: which operators each operator class of the index methods knows
-- needs: any login
SELECT /* pgtune */
    am.amname::text AS method,
    n.nspname::text AS schema,
    c.opcname::text AS name,
    format_type(c.opcintype, NULL) AS type,
    c.opcdefault AS default,
    array_agg(DISTINCT o.oprname::text) FILTER (WHERE ao.amoppurpose = 's') AS operators,
    array_agg(DISTINCT o.oprname::text) FILTER (WHERE ao.amoppurpose = 'o') AS orders
FROM pg_catalog.pg_opclass AS c
JOIN pg_catalog.pg_am AS am ON am.oid = c.opcmethod
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.opcnamespace
JOIN pg_catalog.pg_amop AS ao ON ao.amopfamily = c.opcfamily AND ao.amoplefttype = c.opcintype
JOIN pg_catalog.pg_operator AS o ON o.oid = ao.amopopr
WHERE am.amname IN ('gin', 'gist', 'spgist', 'hash', 'brin')
GROUP BY am.amname, n.nspname, c.opcname, c.opcintype, c.opcdefault
