# plait_embed(target namespace TEXT name FILES file... [TEXT ...])
#
# Puts files into a library: for each TEXT a `const std::string_view namespace::name`, its FILES one after the other. JavaScript
# modules (.mjs) become parts of one script: their import lines and the word `export` are left out.
#
# As a script (cmake -P) it writes the source file; `EMBED_OUTPUT`, `EMBED_NAMESPACE` and `EMBED_TEXTS` say what.
include_guard()

function(plait_embed target namespace)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded.cpp)
    set(texts ${ARGN})
    set(files ${texts})
    list(FILTER files INCLUDE REGEX "/")
    string(REPLACE ";" "|" texts "${texts}")
    add_custom_command(OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} "-DEMBED_OUTPUT=${output}" "-DEMBED_NAMESPACE=${namespace}" "-DEMBED_TEXTS=${texts}"
                -P ${PROJECT_SOURCE_DIR}/cmake/PlaitEmbed.cmake
        DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/PlaitEmbed.cmake
        VERBATIM)
    target_sources(${target} PRIVATE ${output})
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE)
    return()
endif()

string(REPLACE "|" ";" texts "${EMBED_TEXTS}")
set(source "// Made by cmake/PlaitEmbed.cmake.\n#include <string_view>\n\nnamespace ${EMBED_NAMESPACE} {\n")
set(name "")
set(state "")
foreach(word IN LISTS texts ITEMS TEXT)
    if(word STREQUAL "TEXT")
        if(name)
            # Characters and not a literal: compilers need not take literals above 64 KiB.
            string(HEX "${content}" content)
            string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," content "${content}")
            string(APPEND source "static const char ${name}_characters[] = {\n${content}};\n"
                                 "extern const std::string_view ${name};\n"
                                 "const std::string_view ${name}{${name}_characters, sizeof(${name}_characters)};\n")
        endif()
        set(state TEXT)
    elseif(state STREQUAL "TEXT")
        set(name ${word})
        set(content "")
        set(state FILES)
    elseif(NOT word STREQUAL "FILES")
        file(READ ${word} text)
        if(word MATCHES "\\.mjs$")
            string(REGEX REPLACE "(^|\n)import [^\n]*" "\\1" text "${text}")
            string(REGEX REPLACE "(^|\n)export " "\\1" text "${text}")
        endif()
        string(APPEND content "${text}\n")
    endif()
endforeach()
string(APPEND source "}  // namespace ${EMBED_NAMESPACE}\n")
file(WRITE ${EMBED_OUTPUT} "${source}")
