#include "empire/db/result.h"

#include <libpq-fe.h>

#include "base/assert.h"

static const PGresult *inner(const emp_result *r)
{
    return (const PGresult *) r;
}

void emp_result_free(emp_result *r)
{
    PQclear((PGresult *) r);
}

size_t emp_result_rows(const emp_result *r)
{
    return (size_t) PQntuples(inner(r));
}

/* libpq answers a wrong index with a message on stderr; it is a mistake of the caller. */
static void check_index(const emp_result *r, size_t row, size_t column)
{
    BR_ASSERT(row < (size_t) PQntuples(inner(r)));
    BR_ASSERT(column < (size_t) PQnfields(inner(r)));
}

bool emp_result_is_null(const emp_result *r, size_t row, size_t column)
{
    check_index(r, row, column);
    return PQgetisnull(inner(r), (int) row, (int) column) != 0;
}

br_str emp_result_cell(const emp_result *r, size_t row, size_t column)
{
    check_index(r, row, column);
    return (br_str){PQgetvalue(inner(r), (int) row, (int) column),
        (size_t) PQgetlength(inner(r), (int) row, (int) column)};
}
