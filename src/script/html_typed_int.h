/* script/html_typed_int.h - methods of typed elements that are more than an attribute. */
#pragma once
#include "script/html_int.h"

typedef JSValue br_js_typed_function(JSContext *ctx, const br_js_element *e);

/* The attribute's value as an address in the document; as it is if the document has none. */
JSValue br_js_typed_resolve(JSContext *ctx, const br_js_element *e, br_str value);

/* html_href.c: parts of the address of a link */
br_js_typed_function br_js_href_hash, br_js_href_host, br_js_href_hostname, br_js_href_port,
    br_js_href_username, br_js_href_password, br_js_href_origin, br_js_href_pathname, br_js_href_protocol,
    br_js_href_search;

/* html_typed_functions.c */
br_js_typed_function br_js_typed_rel_list, br_js_typed_text, br_js_typed_form, br_js_typed_labels,
    br_js_typed_value, br_js_typed_nothing, br_js_media_tracks, br_js_field_action, br_js_field_enctype,
    br_js_field_method, br_js_field_no_validate, br_js_field_target, br_js_fieldset_elements,
    br_js_form_elements, br_js_form_length, br_js_input_list, br_js_label_control, br_js_map_areas,
    br_js_map_images, br_js_option_disabled, br_js_option_form, br_js_option_index, br_js_option_label,
    br_js_progress_max, br_js_progress_value, br_js_progress_position, br_js_select_length,
    br_js_select_options, br_js_select_index, br_js_select_selected, br_js_select_size, br_js_select_type,
    br_js_select_value, br_js_style_type, br_js_table_caption, br_js_table_head, br_js_table_foot,
    br_js_table_rows, br_js_table_bodies, br_js_row_cells, br_js_row_index, br_js_row_section_index,
    br_js_cell_index, br_js_textarea_length;
