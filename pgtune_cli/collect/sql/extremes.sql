-- reads: the smallest and the largest values of columns that lead an index, from its ends; one such query for each
-- needs: SELECT on the tables
SELECT /* pgtune */
    {number} AS number,
    (SELECT {column} FROM ONLY {table} WHERE {column} IS NOT NULL ORDER BY {column} LIMIT 1)::text AS low,
    (SELECT {column} FROM ONLY {table} WHERE {column} IS NOT NULL ORDER BY {column} DESC LIMIT 1)::text AS high
