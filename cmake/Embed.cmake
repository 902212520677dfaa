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

# The front end's packages, as web/package-lock.json has them.
function(br_web_packages)
    file(SHA256 ${CMAKE_SOURCE_DIR}/web/package-lock.json wanted)
    set(stamp ${CMAKE_SOURCE_DIR}/build/deps/.web) # the one of tools/setup
    set(have "")
    if(EXISTS ${stamp} AND EXISTS ${CMAKE_SOURCE_DIR}/web/node_modules)
        file(READ ${stamp} have)
        string(STRIP "${have}" have)
    endif()
    if(have STREQUAL wanted)
        return()
    endif()
    find_program(NPM NAMES npm REQUIRED)
    message(STATUS "installing the front end's npm packages")
    execute_process(COMMAND ${NPM} ci --no-audit --no-fund --loglevel=error
        WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/web RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "npm ci failed in web/: is the npm registry reachable?")
    endif()
    file(WRITE ${stamp} "${wanted}\n")
endfunction()

# br_web_page(report.html)
# Builds web/ into ${CMAKE_BINARY_DIR}/web/<page>, again when one of its sources changes.
function(br_web_page page)
    find_program(NODE NAMES node nodejs REQUIRED)
    br_web_packages()
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/src/*)
    add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/web/${page}
        COMMAND ${NODE} ${CMAKE_SOURCE_DIR}/web/build.mjs ${CMAKE_BINARY_DIR}/web
        DEPENDS ${sources} ${CMAKE_SOURCE_DIR}/web/build.mjs ${CMAKE_SOURCE_DIR}/web/package-lock.json
            ${CMAKE_SOURCE_DIR}/web/node_modules/.package-lock.json
        COMMENT "Building web/${page}"
        VERBATIM)
endfunction()

# br_web_scripts(typescript.js ...)
# Builds web/src/modules/ into ${CMAKE_BINARY_DIR}/web/<script>: JavaScript that runs in QuickJS.
function(br_web_scripts)
    find_program(NODE NAMES node nodejs REQUIRED)
    br_web_packages()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/package-lock.json)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/src/modules/*)
    list(TRANSFORM ARGN PREPEND ${CMAKE_BINARY_DIR}/web/ OUTPUT_VARIABLE outputs)
    add_custom_command(OUTPUT ${outputs}
        COMMAND ${NODE} ${CMAKE_SOURCE_DIR}/web/build-script.mjs ${CMAKE_BINARY_DIR}/web
        DEPENDS ${sources} ${CMAKE_SOURCE_DIR}/web/build-script.mjs ${CMAKE_SOURCE_DIR}/web/package-lock.json
            ${CMAKE_SOURCE_DIR}/web/node_modules/.package-lock.json
        COMMENT "Building web/ for QuickJS"
        VERBATIM)
endfunction()
