CREATE TABLE replication (lag_seconds INTEGER);
INSERT INTO replication VALUES (1200);
