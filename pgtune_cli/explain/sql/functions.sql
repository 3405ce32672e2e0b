-- One row per function name, over all its overloads. "owned": made by neither PostgreSQL nor a known extension.
WITH {owned}, support AS (
  -- an aggregate is called immutable, whatever the functions do that it is made of
  SELECT a.aggfnoid::oid AS oid, bool_or(f.provolatile = 'v' AND f.oid >= 16384) AS volatile
    FROM pg_catalog.pg_aggregate AS a
   CROSS JOIN LATERAL unnest(ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
                                   a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]::oid[]) AS u (oid)
    JOIN pg_catalog.pg_proc AS f ON f.oid = u.oid
   GROUP BY a.aggfnoid
), row_cast AS (
  -- a row that becomes another type by itself: `row.function` may then mean a function of that type. Where that
  -- happens by a function of one's own, the type is refused already
  SELECT EXISTS (
         SELECT 1
           FROM pg_catalog.pg_cast AS c
           JOIN pg_catalog.pg_type AS t ON t.oid = c.castsource
          WHERE c.castcontext = 'i' AND c.castfunc = 0 AND c.oid >= 16384 AND t.typtype IN ('c', 'd')) AS implicit
)
SELECT p.proname AS name,
       bool_or(p.provolatile = 'v' OR coalesce(s.volatile, false)) AS volatile,
       bool_or(o.oid IS NOT NULL) AS owned,
       bool_or(o.oid IS NOT NULL AND p.provolatile <> 'v' AND p.prokind = 'f') AS owned_not_volatile,
       bool_or(o.oid IS NOT NULL AND p.prosupport::oid >= 16384) AS owned_planned,
       bool_or(o.oid IS NOT NULL AND one.argument) AS owned_takes_one,
       bool_or(o.oid IS NOT NULL AND one.argument AND (a.typtype IN ('c', 'p', 'd') OR row_cast.implicit))
         AS owned_takes_row,
       min(n.nspname) FILTER (WHERE o.oid IS NOT NULL) AS schema
  FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  LEFT JOIN owned AS o ON o.oid = p.oid
  LEFT JOIN support AS s ON s.oid = p.oid
  LEFT JOIN pg_catalog.pg_type AS a ON a.oid = p.proargtypes[0]
  CROSS JOIN row_cast
  CROSS JOIN LATERAL (SELECT p.pronargs > 0 AND p.pronargs - p.pronargdefaults <= 1 AS argument) AS one
 GROUP BY p.proname
