-- reads: the functions of PostgreSQL itself that are not immutable or return sets, by name
-- needs: any login
SELECT /* pgtune */
    p.proname::text AS name,
    string_agg(DISTINCT p.provolatile::text, '' ORDER BY p.provolatile::text) AS volatility,
    bool_or(p.proretset) AS returns_set
FROM pg_catalog.pg_proc AS p
WHERE p.pronamespace = 'pg_catalog'::regnamespace
  AND p.prokind = 'f'
  -- input, output, triggers and the like are not called by name
  AND NOT p.proargtypes::oid[] && ARRAY['cstring'::regtype, 'internal'::regtype]::oid[]
  AND p.prorettype <> ALL (ARRAY['cstring'::regtype, 'internal'::regtype, 'trigger'::regtype, 'event_trigger'::regtype])
GROUP BY p.proname
HAVING bool_or(p.provolatile <> 'i' OR p.proretset)
