# plait_module(name [USES module...] [LINKS library...])
#
# One module of the table in src/plait/CMakeLists.txt: the library plait_<name> from the folder's sources, and the test
# program plait_<name>_test from its *_test.cpp. A main.cpp belongs to neither. A module that uses one which does not stand
# above it stops the configure step. A room of a module is named `module/room`, its targets plait_module_room; the tests of
# rooms may use the room `module/testing`.
include_guard()
include(PlaitPrecompile)

define_property(GLOBAL PROPERTY PLAIT_MODULES BRIEF_DOCS "Modules in the order of the table")

function(plait_module name)
    cmake_parse_arguments(PARSE_ARGV 1 module "" "" "USES;LINKS")
    get_property(above GLOBAL PROPERTY PLAIT_MODULES)
    foreach(used IN LISTS module_USES)
        if(NOT used IN_LIST above)
            message(FATAL_ERROR "module '${name}' uses '${used}', which does not stand above it in src/plait/CMakeLists.txt. "
                                "Which of the two modules is wrong?")
        endif()
    endforeach()
    set_property(GLOBAL APPEND PROPERTY PLAIT_MODULES ${name})
    set_property(GLOBAL PROPERTY PLAIT_USES_${name} ${module_USES})
    set_property(GLOBAL PROPERTY PLAIT_LINKS_${name} ${module_LINKS})

    file(GLOB sources CONFIGURE_DEPENDS ${name}/*.cpp ${name}/internal/*.cpp)
    set(tests ${sources})
    list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    list(TRANSFORM module_USES PREPEND plait_ OUTPUT_VARIABLE used_targets)
    list(TRANSFORM used_targets REPLACE "/" "_")
    string(REPLACE "/" "_" target plait_${name})

    if(sources)
        set(scope PUBLIC)
        add_library(${target} STATIC ${sources})
        plait_precompile(${target})
    else()
        set(scope INTERFACE)
        add_library(${target} INTERFACE)
    endif()
    target_include_directories(${target} ${scope} ${PROJECT_SOURCE_DIR}/src)
    target_compile_features(${target} ${scope} cxx_std_20)
    target_link_libraries(${target} ${scope} ${used_targets} ${module_LINKS})

    if(PLAIT_TESTS AND tests)
        add_executable(${target}_test ${tests})
        plait_precompile(${target}_test)
        target_link_libraries(${target}_test PRIVATE ${target} plait_testing)
        get_filename_component(house ${name} DIRECTORY)
        if(NOT house)
            set(house ${name})
        endif()
        if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${house}/testing)
            target_link_libraries(${target}_test PRIVATE plait_${house}_testing)
        endif()
        plait_discover_tests(${target}_test ${name})
    endif()

    if(PLAIT_HEADER_CHECK)
        file(GLOB headers CONFIGURE_DEPENDS ${name}/*.hpp)
        plait_compile_headers_alone(${name} ${target} ${headers})
    endif()
endfunction()

# Registers each doctest case by its name. A filter that matches no case would pass; the output then says so, and the test fails.
# Whoever starts the tests may have switched a debugging aid on, which changes what dumps say.
function(plait_discover_tests target module)
    doctest_discover_tests(${target} TEST_PREFIX "${module}: "
        PROPERTIES TIMEOUT 120 FAIL_REGULAR_EXPRESSION "test cases: +0 "
        LABELS ${module} ENVIRONMENT_MODIFICATION PLAIT_DEBUG=unset:)
endfunction()

# Every public header includes what it needs: it is the first #include of its source or its test, or else it is compiled alone.
function(plait_compile_headers_alone module target)
    set(units)
    foreach(header IN LISTS ARGN)
        get_filename_component(stem ${header} NAME_WE)
        plait_is_included_first(proved ${module}/${stem})
        if(proved)
            continue()
        endif()
        set(unit ${CMAKE_CURRENT_BINARY_DIR}/headers/${module}/${stem}.cpp)
        file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"plait/${module}/${stem}.hpp\"\n#include \"plait/${module}/${stem}.hpp\"  // twice: it has a guard\n")
        list(APPEND units ${unit})
    endforeach()
    if(units)
        add_library(${target}_headers OBJECT ${units})
        target_link_libraries(${target}_headers PRIVATE ${target})
    endif()
endfunction()

# Sets `result` to whether the .cpp or the test of this name begins with its header.
function(plait_is_included_first result name)
    set(${result} FALSE PARENT_SCOPE)
    foreach(source IN ITEMS ${name}.cpp ${name}_test.cpp)
        if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${source})
            file(STRINGS ${source} includes REGEX "^#include" LIMIT_COUNT 1)
            if(includes STREQUAL "#include \"plait/${name}.hpp\"")
                set(${result} TRUE PARENT_SCOPE)
            endif()
        endif()
    endforeach()
endfunction()
