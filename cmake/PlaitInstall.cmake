# What `make install` installs: the command with its manual page and completion, and the library with its headers, a CMake
# package and a pkg-config file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(PLAIT_STATIC_LIBRARIES)
    # Libraries without an archive come along. The path to them (DT_RPATH) comes before LD_LIBRARY_PATH, and serves them, too.
    set_target_properties(plait_program PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/plait")
    target_link_options(plait_program PRIVATE -Wl,--disable-new-dtags)
    install(TARGETS plait_program RUNTIME_DEPENDENCY_SET plait_dependencies COMPONENT program)
    install(RUNTIME_DEPENDENCY_SET plait_dependencies PRE_EXCLUDE_REGEXES "^(libc|libm|ld-linux.*)\\.so"
        LIBRARY DESTINATION lib/plait COMPONENT program)
else()
    install(TARGETS plait_program COMPONENT program)
endif()
set(made ${PROJECT_BINARY_DIR}/share)
install(FILES ${made}/plait.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
install(FILES ${made}/plait DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT program)
install(FILES ${made}/_plait DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT program)
install(FILES ${made}/plait.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT program)

# A library, its headers and an export of its own: testing is a component that a program without doctest never loads.
# internal/ comes along, because templates in public headers use some of it.
get_property(libraries GLOBAL PROPERTY PLAIT_LIBRARIES)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/plait)
foreach(library IN LISTS libraries)
    get_target_property(name ${library} EXPORT_NAME)
    install(TARGETS ${library} EXPORT ${name} ARCHIVE COMPONENT library)
    install(EXPORT ${name} NAMESPACE plait:: FILE plait-${name}.cmake DESTINATION ${package} COMPONENT library)
    get_target_property(modules ${library} PLAIT_PARTS)
    foreach(module IN LISTS modules)
        cmake_path(GET module PARENT_PATH house)
        install(DIRECTORY src/plait/${module} DESTINATION include/plait/${house} COMPONENT library
            FILES_MATCHING PATTERN "*.hpp" REGEX "/internal/[a-z0-9_]*_test\\.hpp$" EXCLUDE)
    endforeach()
endforeach()
install(FILES src/plait/plait.hpp DESTINATION include/plait COMPONENT library)

configure_file(cmake/plaitConfig.cmake ${PROJECT_BINARY_DIR}/package/plaitConfig.cmake COPYONLY)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/plaitConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/plaitConfig.cmake ${PROJECT_BINARY_DIR}/package/plaitConfigVersion.cmake
    cmake/FindLibcsv.cmake DESTINATION ${package} COMPONENT library)

# The prefix as seen from the file itself: the installed tree may be moved.
file(RELATIVE_PATH to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /.)
configure_file(cmake/plait.pc.in ${PROJECT_BINARY_DIR}/package/plait.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/package/plait.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
