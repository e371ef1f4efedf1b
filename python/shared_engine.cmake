# For wheels: the engine as one shared library, which the module and the command `plait` use, so that the wheel holds it once.
# PLAIT_STATIC_LIBRARIES links other libraries into it, where the system has them as archives (cmake/PlaitStaticLibraries.cmake).
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

# Small where speed does not count: what is only in the command, and what a run does once.
foreach(module IN LISTS modules)
    if(module MATCHES "^(cli|report|compare|convert|doctor|watch|mock|workers|batch/table|batch/check|batch/status|batch/resume|batch$)")
        string(REPLACE "/" "_" part plait_${module})
        target_compile_options(${part} PRIVATE -Os)
    endif()
endforeach()
if(PLAIT_STATIC_LIBRARIES)
    # Debian's archive of this one can't be part of a shared library.
    find_library(shared_nghttp2 libnghttp2.so REQUIRED)
    set_target_properties(PkgConfig::nghttp2 PROPERTIES INTERFACE_LINK_LIBRARIES ${shared_nghttp2})
endif()

# Its symbols are those of plait's namespace: what else is linked into it, such as OpenSSL, is hidden, so it can't meet Python's own.
set(exports ${CMAKE_CURRENT_SOURCE_DIR}/shared_engine.map)
add_library(plait_shared SHARED ${objects} src/wheel/condition_variable.cpp)
target_include_directories(plait_shared PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/../src)
target_compile_features(plait_shared PUBLIC cxx_std_20)
target_link_libraries(plait_shared PRIVATE ${links} PUBLIC fmt::fmt)
target_link_options(plait_shared PRIVATE -Wl,--wrap=_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE
    -Wl,--version-script=${exports} -Wl,-Bsymbolic-functions -Wl,--gc-sections)
set_target_properties(plait_shared PROPERTIES LINKER_LANGUAGE CXX LINK_DEPENDS ${exports} OUTPUT_NAME plait)

add_executable(plait_command ../src/plait/cli/main.cpp)
target_compile_definitions(plait_command PRIVATE PLAIT_VERSION="${plait_VERSION}")
target_link_libraries(plait_command PRIVATE plait_shared)
set_target_properties(plait_command PROPERTIES OUTPUT_NAME plait INSTALL_RPATH "$ORIGIN/..")

# Variables that are inline in plait's headers, such as the current loop of a thread, must be one in both libraries: so the
# module, too, exports plait's symbols.
target_link_libraries(plait_python_module PRIVATE plait_shared)
target_link_options(plait_python_module PRIVATE -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/module.map)
set_target_properties(plait_python_module PROPERTIES
    CXX_VISIBILITY_PRESET default VISIBILITY_INLINES_HIDDEN OFF INSTALL_RPATH "$ORIGIN")
install(TARGETS plait_python_module plait_shared LIBRARY DESTINATION plait)
install(TARGETS plait_command RUNTIME DESTINATION plait/bin)
# The program has uPlot in it, whose licence asks for its text beside each copy.
install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/../src/plait/report/page/third_party/uPlot/LICENSE DESTINATION plait/licences/uPlot)
