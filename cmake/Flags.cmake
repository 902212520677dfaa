# Warnings are errors in our own code; third-party sources get none of these.
add_library(br_flags INTERFACE)
target_compile_options(br_flags INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wold-style-definition -Wvla -Wundef -Wformat=2 -Wcast-qual -Wpointer-arith -Wwrite-strings
    -Wimplicit-fallthrough -Werror
    $<$<C_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op>)
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
