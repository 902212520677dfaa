# Warnings are errors in our own code with the compilers that the tests use: others, and newer ones, warn of other
# things, which must not stop somebody who only wants the program. Third-party sources get none of these.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_C_COMPILER_VERSION VERSION_LESS 13
   OR CMAKE_C_COMPILER_ID STREQUAL "Clang" AND CMAKE_C_COMPILER_VERSION VERSION_LESS 15)
    set(BRUNT_WERROR_DEFAULT ON)
else()
    set(BRUNT_WERROR_DEFAULT OFF)
endif()
option(BRUNT_WERROR "a warning ends the build" ${BRUNT_WERROR_DEFAULT})

# gcc without link-time optimization warns where text is cut to its buffer on purpose (snprintf into messages of bounded
# size), and where a frame leaves the address of a local flag to be set while it lives (net/tls.c, on_lower_data).
add_library(br_flags INTERFACE)
target_compile_options(br_flags INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wold-style-definition -Wvla -Wundef -Wformat=2 -Wcast-qual -Wpointer-arith -Wwrite-strings
    -Wimplicit-fallthrough $<$<BOOL:${BRUNT_WERROR}>:-Werror>
    $<$<C_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wno-format-truncation -Wno-dangling-pointer>)
target_compile_definitions(br_flags INTERFACE _GNU_SOURCE)
target_include_directories(br_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)

add_compile_options(-g -fno-omit-frame-pointer -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_options(-O2 -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fno-plt)
    add_link_options(-Wl,-z,relro,-z,now)
endif()
if(BRUNT_SANITIZE)
    add_compile_options(-fsanitize=${BRUNT_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${BRUNT_SANITIZE})
endif()
if(BRUNT_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
