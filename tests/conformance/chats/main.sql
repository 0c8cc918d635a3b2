CREATE TABLE t (a INTEGER);
INSERT INTO t VALUES (1), (2);
CREATE TABLE dishes (id INTEGER PRIMARY KEY, name TEXT, data BLOB, price REAL, sold INTEGER);
INSERT INTO dishes VALUES
  (1, '김밥', x'00ff', 3.0, 12),
  (2, 'soup, "hot"', NULL, 0.0000001, NULL),
  (3, '`a`' || char(10) || 'b', NULL, 1e21, -7),
  (4, '=1+1', NULL, -2.5, 0);
