-- Index advice by pgtune. CREATE INDEX CONCURRENTLY does not run inside a transaction block.
-- 1 to create, 11.8 MB by estimate, workload cost 60 % lower.
-- Planned by the clone under the server's own statistics (120 planner calls).
-- Tried on a scratch copy, each statement before and after:
--    3 → 3 blocks, 1.0 ms → 2.0 ms (slower): SELECT 1
--    14.0k → 4 blocks, 22 ms → 0.04 ms (faster): SELECT * FROM orders WHERE status = $1 /* </script><img src…
-- trial: not advised any more: CREATE INDEX CONCURRENTLY U&"</script><img src=x onerror=alert(1)>\001B[31m\202Egnp`|*_[x](javascript:1)" ON public.orders (status): </script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1) DROP TABLE orders
-- trial: not measured: CREATE INDEX CONCURRENTLY U&"</script><img src=x onerror=alert(1)>\001B[31m\202Egnp`|*_[x](javascript:1)" ON public.orders (status): </script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1) DROP TABLE orders
-- trial: </script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1) DROP TABLE orders: what is measured there says little of it
-- trial: each time is the least of 3 runs, which differed by up to a factor of 1.3

-- 1. </script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1)
-- </script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1)
-- 11.8 MB by estimate, upkeep 10 of 600,000 cost units saved; confidence high
--    cost 900 -> 8, 3 calls: foreign key </script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1) of public.orders, when a row of </script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1) goes or gets another key
--      before Seq Scan on </script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1)
--      after  LockRows
--               Index Scan using </script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1)
--    cost 1,000 -> 12: SELECT * FROM orders WHERE status = $1 /* </script><img src=x onerror…
SET lock_timeout = '5s';
CREATE INDEX CONCURRENTLY U&"</script><img src=x onerror=alert(1)>\001B[31m\202Egnp`|*_[x](javascript:1)" ON public.orders (status);
-- undo: DROP INDEX CONCURRENTLY U&"</script><img src=x onerror=alert(1)>\001B[31m\202Egnp`|*_[x](javascript:1)"

SET lock_timeout = '10min';
SET statement_timeout = 0;

-- </script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1)
-- DROP TABLE orders
DROP INDEX CONCURRENTLY IF EXISTS x;
-- undo: CREATE INDEX CONCURRENTLY U&"</script><img src=x onerror=alert(1)>\001B[31m\202Egnp`|*_[x](javascript:1)" ON public.orders (status)

RESET lock_timeout;
RESET statement_timeout;

-- Statistics on public.</script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1) (</script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1), b): unverified: </script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1) DROP TABLE orders
-- </script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1)
-- DROP TABLE orders
--    1 rows planned, 5,000 came: SELECT * FROM orders WHERE status = $1 /* </script><img src=x onerror…
SET lock_timeout = '10s';
CREATE STATISTICS U&"</script><img src=x onerror=alert(1)>\001B[31m\202Egnp`|*_[x](javascript:1)" ON a, b FROM public.orders;
-- undo: DROP STATISTICS U&"</script><img src=x onerror=alert(1)>\001B[31m\202Egnp`|*_[x](javascript:1)"

-- possible only: </script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1)
-- DROP TABLE orders
-- CREATE INDEX CONCURRENTLY U&"</script><img src=x onerror=alert(1)>\001B[31m\202Egnp`|*_[x](javascript:1)" ON public.orders (status);

-- rejected: </script><img src=x onerror=alert(1)>�[31m�gnp`|*_[x](javascript:1)
-- DROP TABLE orders
-- CREATE INDEX CONCURRENTLY U&"</script><img src=x onerror=alert(1)>\001B[31m\202Egnp`|*_[x](javascript:1)" ON public.orders (status);
