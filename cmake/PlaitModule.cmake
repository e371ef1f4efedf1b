# plait_module(name [USES module...] [LINKS library...])
#
# One module of the table in src/plait/CMakeLists.txt: the library plait_<name> from the folder's sources, and the test
# program plait_<name>_test from its *_test.cpp. A main.cpp belongs to neither. A module that uses one which does not stand above
# it stops the configure step.
include_guard()

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

    file(GLOB sources CONFIGURE_DEPENDS ${name}/*.cpp ${name}/internal/*.cpp)
    set(tests ${sources})
    list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    list(TRANSFORM module_USES PREPEND plait_ OUTPUT_VARIABLE used_targets)

    if(sources)
        set(scope PUBLIC)
        add_library(plait_${name} STATIC ${sources})
    else()
        set(scope INTERFACE)
        add_library(plait_${name} INTERFACE)
    endif()
    target_include_directories(plait_${name} ${scope} ${PROJECT_SOURCE_DIR}/src)
    target_compile_features(plait_${name} ${scope} cxx_std_20)
    target_link_libraries(plait_${name} ${scope} ${used_targets} ${module_LINKS})

    if(PLAIT_TESTS AND tests)
        add_executable(plait_${name}_test ${tests})
        target_link_libraries(plait_${name}_test PRIVATE plait_${name} plait_testing plait_test_main)
        plait_discover_tests(plait_${name}_test ${name})
    endif()

    if(PLAIT_HEADER_CHECK)
        file(GLOB headers CONFIGURE_DEPENDS ${name}/*.hpp)
        plait_compile_headers_alone(${name} ${headers})
    endif()
endfunction()

# Registers each doctest case by its name. A filter that matches no case would pass; the output then says so, and the test fails.
# Whoever starts the tests may have switched a debugging aid on, which changes what dumps say.
function(plait_discover_tests target module)
    doctest_discover_tests(${target} TEST_PREFIX "${module}: "
        PROPERTIES TIMEOUT 120 FAIL_REGULAR_EXPRESSION "test cases: +0 "
        LABELS ${module} ENVIRONMENT_MODIFICATION PLAIT_DEBUG=unset:)
endfunction()

# Every public header is a translation unit of its own: it includes what it needs.
function(plait_compile_headers_alone module)
    set(units)
    foreach(header IN LISTS ARGN)
        get_filename_component(stem ${header} NAME_WE)
        set(unit ${CMAKE_CURRENT_BINARY_DIR}/headers/${module}/${stem}.cpp)
        file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"plait/${module}/${stem}.hpp\"\n#include \"plait/${module}/${stem}.hpp\"  // twice: it has a guard\n")
        list(APPEND units ${unit})
    endforeach()
    if(units)
        add_library(plait_${module}_headers OBJECT ${units})
        target_link_libraries(plait_${module}_headers PRIVATE plait_${module})
    endif()
endfunction()
