-- reads: the server's clock, to measure the window by
-- needs: any login
SELECT /* pgtune */ extract(epoch FROM clock_timestamp())::float8 AS seconds
