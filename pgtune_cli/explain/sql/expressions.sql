-- Code that comes with the relations, types and functions named $1 without standing in the statement. "kind":
-- read (runs with every statement), write (with INSERT, UPDATE, DELETE and MERGE), view and virtual (read, and what
-- they select stands for what the statement names), fold (the planner computes its constants), body (of an SQL
-- function: the planner may put it in the place of the call), type (the name of a type that is involved), of_type (the
-- check of a domain that is involved), code (its
-- text is the name of a function that planning calls).
-- Partitions and inheritance both ways, types within types: all that PostgreSQL looks at when it plans.
WITH RECURSIVE reached (name, class, oid, depth) AS (
  SELECT c.relname, 'relation', c.oid, 0
    FROM pg_catalog.pg_class AS c
   WHERE c.relname = ANY ($1::text[]) AND c.relkind IN ('r', 'v', 'm', 'f', 'p', 'c')
   UNION
  SELECT t.typname, 'type', t.oid, 0
    FROM pg_catalog.pg_type AS t
   WHERE t.typname = ANY ($1::text[]) AND t.oid >= 16384
   UNION
  SELECT r.name, next.class, next.oid, 1
    FROM reached AS r
   CROSS JOIN LATERAL (
         SELECT 'relation' AS class, unnest(ARRAY[i.inhrelid, i.inhparent]) AS oid
           FROM pg_catalog.pg_inherits AS i
          WHERE r.class = 'relation' AND r.oid IN (i.inhrelid, i.inhparent)
          UNION ALL
         SELECT 'type', a.atttypid
           FROM pg_catalog.pg_attribute AS a
          WHERE r.class = 'relation' AND a.attrelid = r.oid AND a.attnum > 0 AND a.atttypid >= 16384
          UNION ALL
         SELECT 'type', unnest(ARRAY[t.typelem, t.typbasetype])
           FROM pg_catalog.pg_type AS t
          WHERE r.class = 'type' AND t.oid = r.oid
          UNION ALL
         SELECT 'relation', t.typrelid
           FROM pg_catalog.pg_type AS t
          WHERE r.class = 'type' AND t.oid = r.oid
          UNION ALL
         SELECT 'type', g.rngsubtype
           FROM pg_catalog.pg_range AS g
          WHERE r.class = 'type' AND r.oid IN (g.rngtypid, (to_jsonb(g) ->> 'rngmultitypid')::oid)
         ) AS next
   WHERE next.oid >= 16384
), relation AS (
  SELECT DISTINCT r.name, c.oid, c.relname, c.relkind
    FROM reached AS r
    JOIN pg_catalog.pg_class AS c ON c.oid = r.oid
   WHERE r.class = 'relation'
), type AS (
  SELECT DISTINCT r.name, t.oid, t.typname, t.typtype
    FROM reached AS r
    JOIN pg_catalog.pg_type AS t ON t.oid = r.oid
   WHERE r.class = 'type'
)
SELECT r.name, 'policy ' || p.polname AS what, 'read' AS kind,
       concat_ws(' ', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                      pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) AS text
  FROM relation AS r
  JOIN pg_catalog.pg_policy AS p ON p.polrelid = r.oid
 WHERE r.relname = r.name
UNION ALL
SELECT r.name, 'view ' || r.relname, 'view', pg_catalog.pg_get_viewdef(r.oid)
  FROM relation AS r
 WHERE r.relkind = 'v' AND r.relname = r.name
UNION ALL
SELECT r.name, 'rule ' || w.rulename, 'write', pg_catalog.pg_get_ruledef(w.oid)
  FROM relation AS r
  JOIN pg_catalog.pg_rewrite AS w ON w.ev_class = r.oid
 WHERE w.ev_type <> '1'
UNION ALL
SELECT t.name, 'domain ' || t.typname, 'of_type', pg_catalog.pg_get_constraintdef(k.oid)
  FROM type AS t
  JOIN pg_catalog.pg_constraint AS k ON k.contypid = t.oid
 WHERE t.typtype = 'd' AND k.contype = 'c'
UNION ALL
SELECT t.name, 'default of domain ' || t.typname, 'write', pg_catalog.pg_get_expr(d.typdefaultbin, 0)
  FROM type AS t
  JOIN pg_catalog.pg_type AS d ON d.oid = t.oid
 WHERE d.typdefaultbin IS NOT NULL
UNION ALL
SELECT r.name, 'default of ' || a.attname, CASE a.attgenerated WHEN 'v' THEN 'virtual' ELSE 'write' END,
       pg_catalog.pg_get_expr(d.adbin, d.adrelid)
  FROM relation AS r
  JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = r.oid
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
UNION ALL
SELECT r.name, 'index ' || i.relname, 'fold', pg_catalog.concat_ws(' ',
         pg_catalog.pg_get_expr(x.indexprs, x.indrelid), pg_catalog.pg_get_expr(x.indpred, x.indrelid))
  FROM relation AS r
  JOIN pg_catalog.pg_index AS x ON x.indrelid = r.oid AND (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL)
  JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
UNION ALL
SELECT r.name, 'constraint ' || k.conname, 'fold', pg_catalog.pg_get_expr(k.conbin, k.conrelid)
  FROM relation AS r
  JOIN pg_catalog.pg_constraint AS k ON k.conrelid = r.oid AND k.contype = 'c'
UNION ALL
SELECT r.name, 'partition key of ' || r.relname, 'fold', pg_catalog.pg_get_partkeydef(r.oid)
  FROM relation AS r
 WHERE r.relkind = 'p'
UNION ALL
SELECT r.name, 'partition key of ' || r.relname, 'code', f.proname
  FROM relation AS r
  JOIN pg_catalog.pg_partitioned_table AS k ON k.partrelid = r.oid
  JOIN pg_catalog.pg_opclass AS c ON c.oid = ANY (k.partclass::oid[])
  JOIN pg_catalog.pg_amproc AS a ON a.amprocfamily = c.opcfamily
  JOIN pg_catalog.pg_proc AS f ON f.oid = a.amproc AND f.oid >= 16384
UNION ALL
SELECT r.name, 'statistics ' || s.stxname, 'fold', pg_catalog.pg_get_statisticsobjdef(s.oid)
  FROM relation AS r
  JOIN pg_catalog.pg_statistic_ext AS s ON s.stxrelid = r.oid
 WHERE to_jsonb(s) ->> 'stxexprs' IS NOT NULL
UNION ALL
SELECT p.proname, CASE WHEN e.objid IS NULL THEN 'function ' ELSE 'function of an extension ' END || p.proname,
       CASE WHEN e.objid IS NULL THEN 'body' ELSE 'read' END,
       coalesce(nullif(p.prosrc, ''), pg_catalog.substring(
         pg_catalog.pg_get_functiondef(p.oid), '\n\s*((?:RETURN|BEGIN ATOMIC)\M.*)$'))
  FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
  LEFT JOIN pg_catalog.pg_depend AS e
    ON e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid AND e.deptype = 'e'
 WHERE p.proname = ANY ($1::text[]) AND l.lanname = 'sql' AND p.oid >= 16384 AND p.prokind IN ('f', 'p')
UNION ALL
SELECT DISTINCT t.name, 'type ' || t.typname, 'type', pg_catalog.quote_ident(t.typname)
  FROM type AS t
