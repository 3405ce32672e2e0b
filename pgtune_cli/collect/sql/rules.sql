-- reads: the rules of the relations, but for the queries of views
-- needs: any login
SELECT /* pgtune */
    r.ev_class AS oid,
    r.rulename::text AS name,
    pg_get_ruledef(r.oid) AS definition
FROM pg_catalog.pg_rewrite AS r
WHERE r.ev_class = ANY ($1::oid[]) AND r.rulename <> '_RETURN' AND r.ev_enabled IN ('O', 'A')
