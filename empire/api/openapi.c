#include "empire/api/openapi.h"

#include "empire/api/routes.h"

emp_step emp_openapi_begin(emp_request *r)
{
    emp_answer_json(r);
    r->constant = (br_str){emp_openapi, (size_t) emp_openapi_size};
    emp_answer_tag(r);
    return EMP_STEP_ANSWERED;
}
