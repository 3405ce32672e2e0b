-- Expressions that run with a statement without standing in it, of the relations and types named $1: views, row
-- security policies, rules, checks of domains, defaults. "writes": with INSERT, UPDATE, DELETE and MERGE only.
SELECT c.relname AS name,
       'policy ' || p.polname AS what,
       false AS writes,
       concat_ws(' ', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                      pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) AS text
  FROM pg_catalog.pg_policy AS p
  JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid
 WHERE c.relname = ANY ($1::text[])
UNION ALL
SELECT c.relname, 'view ' || c.relname, false, pg_catalog.pg_get_viewdef(c.oid)
  FROM pg_catalog.pg_class AS c
 WHERE c.relkind = 'v' AND c.relname = ANY ($1::text[])
UNION ALL
SELECT c.relname, 'rule ' || r.rulename, true, pg_catalog.pg_get_ruledef(r.oid)
  FROM pg_catalog.pg_rewrite AS r
  JOIN pg_catalog.pg_class AS c ON c.oid = r.ev_class
 WHERE r.ev_type <> '1' AND c.relname = ANY ($1::text[])
UNION ALL
SELECT n.typname, 'domain ' || t.typname, false, pg_catalog.pg_get_constraintdef(k.oid)
  FROM pg_catalog.pg_type AS t
  JOIN pg_catalog.pg_type AS n ON n.oid IN (t.oid, t.typarray)
  JOIN pg_catalog.pg_constraint AS k ON k.contypid IN (t.oid, t.typbasetype)
 WHERE t.typtype = 'd' AND n.typname = ANY ($1::text[])
UNION ALL
SELECT c.relname, 'domain ' || t.typname, false, pg_catalog.pg_get_constraintdef(k.oid)
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
  JOIN pg_catalog.pg_type AS e ON e.oid = a.atttypid
  JOIN pg_catalog.pg_type AS t ON t.oid IN (e.oid, e.typelem) AND t.typtype = 'd'
  JOIN pg_catalog.pg_constraint AS k ON k.contypid IN (t.oid, t.typbasetype)
 WHERE c.relname = ANY ($1::text[])
UNION ALL
SELECT c.relname, 'default of ' || a.attname, a.attgenerated <> 'v', pg_catalog.pg_get_expr(d.adbin, d.adrelid)
  FROM pg_catalog.pg_attrdef AS d
  JOIN pg_catalog.pg_class AS c ON c.oid = d.adrelid
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
 WHERE c.relname = ANY ($1::text[])
