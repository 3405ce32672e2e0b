-- Indexes whose operator classes run code of neither PostgreSQL nor a known extension.
WITH {owned}
SELECT DISTINCT n.nspname AS schema, i.relname AS name
  FROM pg_catalog.pg_index AS x
  JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = i.relnamespace
  JOIN pg_catalog.pg_opclass AS c ON c.oid = ANY (x.indclass::oid[])
  JOIN pg_catalog.pg_amproc AS a ON a.amprocfamily = c.opcfamily
  JOIN foreign_function AS f ON f.oid = a.amproc
