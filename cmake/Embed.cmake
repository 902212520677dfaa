# br_embed(TARGET t SYMBOL name FILE path)
# Puts a file into target t as bytes: extern const char name[] (a NUL follows them) and extern const uint64_t
# name_size. The assembler reads the file itself, so its size does not matter.
function(br_embed)
    cmake_parse_arguments(E "" "TARGET;SYMBOL;FILE" "" ${ARGN})
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${E_SYMBOL}.S)
    file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
    .section .rodata
    .global @E_SYMBOL@
    .global @E_SYMBOL@_size
    .balign 16
@E_SYMBOL@:
    .incbin "@E_FILE@"
.L@E_SYMBOL@_end:
    .byte 0
    .balign 8
@E_SYMBOL@_size:
    .quad .L@E_SYMBOL@_end - @E_SYMBOL@
    .section .note.GNU-stack,"",%progbits
]])
    set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${E_FILE})
    target_sources(${E_TARGET} PRIVATE ${source})
endfunction()

# br_web_page(report.html)
# Builds web/ into ${CMAKE_BINARY_DIR}/web/<page>, again when one of its sources changes.
function(br_web_page page)
    find_program(NODE NAMES node nodejs REQUIRED)
    if(NOT EXISTS ${CMAKE_SOURCE_DIR}/web/node_modules/esbuild)
        message(FATAL_ERROR "the front end's packages are missing: run tools/setup")
    endif()
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/src/*)
    add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/web/${page}
        COMMAND ${NODE} ${CMAKE_SOURCE_DIR}/web/build.mjs ${CMAKE_BINARY_DIR}/web
        DEPENDS ${sources} ${CMAKE_SOURCE_DIR}/web/build.mjs ${CMAKE_SOURCE_DIR}/web/package-lock.json
            ${CMAKE_SOURCE_DIR}/web/node_modules/.package-lock.json
        COMMENT "Building web/${page}"
        VERBATIM)
endfunction()
