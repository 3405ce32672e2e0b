-- Indexes whose operator classes run code of neither PostgreSQL nor a known extension.
SELECT DISTINCT n.nspname AS schema, i.relname AS name
  FROM pg_catalog.pg_index AS x
  JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = i.relnamespace
  JOIN pg_catalog.pg_opclass AS c ON c.oid = ANY (x.indclass::oid[])
  JOIN pg_catalog.pg_amproc AS a ON a.amprocfamily = c.opcfamily
 WHERE a.amproc::oid >= 16384
   AND NOT EXISTS (
       SELECT 1
         FROM pg_catalog.pg_depend AS d
         JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
          AND d.objid = a.amproc::oid
          AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
          AND d.deptype = 'e'
          AND e.extname = ANY ($1::text[]))
