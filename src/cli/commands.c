/* The list of commands. */
#include "cli/commands.h"

const br_command br_commands[] = {
    {"run", "Start a test: run a k6 script", br_cmd_run, br_run_sections},
    {"quick", "Load a URL without a script", br_cmd_quick, br_quick_sections},
    {"test", "Run a named test of brunt.yaml against an environment and judge it", br_cmd_test,
        br_test_sections},
    {"history", "List the stored runs", br_cmd_history, br_history_sections},
    {"show", "Show a stored run", br_cmd_show, br_show_sections},
    {"compare", "Hold runs against earlier ones: is it slower?", br_cmd_compare, br_compare_sections},
    {"baseline", "Pin the runs that others are held against", br_cmd_baseline, br_baseline_sections},
    {"export", "Write stored runs as JSON or CSV", br_cmd_export, br_export_sections},
    {"prune", "Delete stored runs", br_cmd_prune, br_prune_sections},
    {"preflight", "Go through the checklist before a test", br_cmd_preflight, br_preflight_sections},
    {"smoke", "Send each request of a test a few times: is the deployment well?", br_cmd_smoke,
        br_smoke_sections},
    {"config", "Check brunt.yaml, show an environment, print the schema", br_cmd_config, br_config_sections},
    {"archive", "Pack a k6 script with all it needs into one file", br_cmd_archive, br_archive_sections},
    {"inspect", "Show the options of a k6 script", br_cmd_inspect, br_inspect_sections},
    {"new", "Begin a script", br_cmd_new, br_new_sections},
    {"completion", "Print a script for the completion of commands and flags", br_cmd_completion,
        br_completion_sections},
    {"man", "Print the manual page", br_cmd_man, br_man_sections},
    {"version", "Show the version", br_cmd_version, br_version_sections},
    {NULL, NULL, NULL, NULL},
};
