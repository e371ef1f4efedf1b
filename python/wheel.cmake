# For wheels: the module holds the engine and the command, so that the wheel has each library once, and the command `plait` is a
# small program that opens the module. PLAIT_STATIC_LIBRARIES links other libraries into it, where the system has them as
# archives (cmake/PlaitStaticLibraries.cmake).
plait_modules_below(modules cli)
set(objects)
set(links)
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

# Small where speed does not count: what is only in the command, and what a run or a connection does once.
set(cold "cli|report|compare|convert|doctor|watch|mock|workers|cluster|trace|coding|net|http/(login|proxy|connect|incoming)")
foreach(module IN LISTS modules)
    if(module MATCHES "^(${cold}|batch/(table|check|status|resume|rows|templates|follow|method|sources)|batch$)")
        string(REPLACE "/" "_" part plait_${module})
        target_compile_options(${part} PRIVATE -Os)
    endif()
endforeach()
if(PLAIT_STATIC_LIBRARIES)
    # Debian's archive of this one can't be part of a shared library.
    find_library(shared_nghttp2 libnghttp2.so REQUIRED)
    set_target_properties(PkgConfig::nghttp2 PROPERTIES INTERFACE_LINK_LIBRARIES ${shared_nghttp2})
endif()

set(exports ${CMAKE_CURRENT_SOURCE_DIR}/wheel.map)
target_sources(plait_python_module PRIVATE ${objects} src/wheel/command.cpp src/wheel/condition_variable.cpp)
target_include_directories(plait_python_module PRIVATE ../src)
target_link_libraries(plait_python_module PRIVATE ${links})
target_link_options(plait_python_module PRIVATE -Wl,--wrap=_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE
    -Wl,--version-script=${exports} -Wl,-Bsymbolic-functions -Wl,--gc-sections)
set_target_properties(plait_python_module PROPERTIES LINK_DEPENDS ${exports})

# The names of Python that the module needs. Without Python, the program has them in its place.
set(names ${CMAKE_CURRENT_BINARY_DIR}/python_names.cpp)
add_custom_command(OUTPUT ${names}
    COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} -DMODULE=$<TARGET_FILE:plait_python_module> -DOUTPUT=${names}
        -P ${CMAKE_CURRENT_SOURCE_DIR}/src/wheel/python_names.cmake
    DEPENDS plait_python_module src/wheel/python_names.cmake)
add_executable(plait_command src/wheel/launcher.cpp ${names})
target_compile_definitions(plait_command PRIVATE MODULE_FILE="$<TARGET_FILE_NAME:plait_python_module>")
set_target_properties(plait_command PROPERTIES OUTPUT_NAME plait ENABLE_EXPORTS ON)

install(TARGETS plait_python_module LIBRARY DESTINATION plait)
install(TARGETS plait_command RUNTIME DESTINATION plait/bin)
# The program has uPlot in it, whose licence asks for its text beside each copy.
install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/../src/plait/report/page/third_party/uPlot/LICENSE DESTINATION plait/licences/uPlot)
