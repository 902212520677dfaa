/*
 * db/sql.h - the SQL files of this folder, built into the program.
 * Why here: the program brings its schema along; the files stay readable for people and tools.
 */
#pragma once

extern const char emp_sql_0001_tables[];
extern const char emp_sql_0002_daily_rollup[];
extern const char emp_sql_0003_counters[];
extern const char emp_sql_0004_workflows[];
extern const char emp_sql_0005_api_starts[];
extern const char emp_sql_0006_product_documents[];
extern const char emp_sql_0007_schedules[];
extern const char emp_sql_0008_last_attempts[];
extern const char emp_sql_grants[];
extern const char emp_sql_seed[];
