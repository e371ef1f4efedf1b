# plait_library(name MODULES module... [BESIDE library])
#
# A library for other programs, plait::<name>: one archive of these modules and all that they use, but for those that are in
# `library` already, which it then links. It links what the modules link; cmake/PlaitInstall.cmake installs it.
include_guard()

define_property(GLOBAL PROPERTY PLAIT_LIBRARIES BRIEF_DOCS "Targets of the libraries for other programs")

function(plait_library name)
    cmake_parse_arguments(PARSE_ARGV 1 library "" "BESIDE" "MODULES")
    plait_modules_below(modules ${library_MODULES})
    set(links)
    set(target plait)
    if(library_BESIDE)
        set(links plait::${library_BESIDE})
        set(target plait_for_${name})  # plait_<name> is the module
        get_target_property(there ${library_BESIDE} PLAIT_PARTS)
        list(REMOVE_ITEM modules ${there})
    endif()

    set(objects)
    foreach(module IN LISTS modules)
        string(REPLACE "/" "_" part plait_${module})
        get_target_property(type ${part} TYPE)
        if(type STREQUAL "STATIC_LIBRARY")
            list(APPEND objects $<TARGET_OBJECTS:${part}>)
        endif()
        get_property(module_links GLOBAL PROPERTY PLAIT_LINKS_${module})
        list(APPEND links ${module_links})
    endforeach()
    list(REMOVE_DUPLICATES links)
    list(REMOVE_ITEM links Boost::headers)  # in no public header

    add_library(${target} STATIC ${objects})
    add_library(plait::${name} ALIAS ${target})
    target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:include>)
    target_compile_features(${target} PUBLIC cxx_std_20)
    target_link_libraries(${target} PUBLIC ${links})
    set_target_properties(${target} PROPERTIES
        LINKER_LANGUAGE CXX
        ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
        EXPORT_NAME ${name}
        PLAIT_PARTS "${modules}")
    if(library_BESIDE)
        set_target_properties(${target} PROPERTIES OUTPUT_NAME plait_${name})
    endif()
    set_property(GLOBAL APPEND PROPERTY PLAIT_LIBRARIES ${target})
endfunction()

# Sets `result` to these modules and all that they use. The table has those that are used above those that use them.
function(plait_modules_below result)
    set(needed ${ARGN})
    set(found)
    get_property(table GLOBAL PROPERTY PLAIT_MODULES)
    list(REVERSE table)
    foreach(module IN LISTS table)
        if(module IN_LIST needed)
            get_property(uses GLOBAL PROPERTY PLAIT_USES_${module})
            list(APPEND needed ${uses})
            list(PREPEND found ${module})
        endif()
    endforeach()
    set(${result} ${found} PARENT_SCOPE)
endfunction()
