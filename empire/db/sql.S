/* The SQL files as NUL-terminated texts (db/sql.h). The build passes their folder to the assembler. */
    .macro text name, file
    .global \name
\name:
    .incbin "\file"
    .byte 0
    .endm

    .section .rodata
    text emp_sql_0001_tables, "migrations/0001_tables.sql"
    text emp_sql_0002_daily_rollup, "migrations/0002_daily_rollup.sql"
    text emp_sql_0003_counters, "migrations/0003_counters.sql"
    text emp_sql_0004_workflows, "migrations/0004_workflows.sql"
    text emp_sql_0005_api_starts, "migrations/0005_api_starts.sql"
    text emp_sql_0006_product_documents, "migrations/0006_product_documents.sql"
    text emp_sql_0007_schedules, "migrations/0007_schedules.sql"
    text emp_sql_0008_last_attempts, "migrations/0008_last_attempts.sql"
    text emp_sql_grants, "grants.sql"
    text emp_sql_seed, "seed.sql"

    .section .note.GNU-stack, "", %progbits
