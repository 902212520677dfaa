/*
 * report/generator_json_int.h - the generator's figures as JSON.
 *
 * What: lags, shortages, descriptors and ports, and each worker; docs/result-json.md, `generator`.
 * Why here: results of scripts and of loads without one say it in the same words.
 * Threads: any.
 */
#pragma once
#include "judge/generator.h"
#include "report/json_int.h"

/* Members of an object that is open. */
void br_json_put_generator(br_json *j, const br_generator_view *v);
