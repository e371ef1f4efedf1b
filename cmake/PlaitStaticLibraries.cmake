# With PLAIT_STATIC_LIBRARIES, for wheels and tarballs: find_package and pkg-config find archives of other libraries where the
# system has them, so that what is built runs on other systems. Include it before the libraries are looked for, and call
# plait_complete_archives afterwards. `zstd_library` is the target to link, with and without.
include_guard()

option(PLAIT_STATIC_LIBRARIES "Link archives of other libraries, where the system has them (make wheel, make tarball)" OFF)
set(zstd_library zstd::libzstd_shared)
if(PLAIT_STATIC_LIBRARIES)
    list(PREPEND CMAKE_FIND_LIBRARY_SUFFIXES .a)
    set(OPENSSL_USE_STATIC_LIBS ON)
    set(zstd_library zstd::libzstd_static)
endif()

# What pkg-config tells for shared libraries leaves out what their archives need.
function(plait_complete_archives)
    if(PLAIT_STATIC_LIBRARIES)
        foreach(needed IN ITEMS brotlicommon idn2 unistring)
            find_library(archive_of_${needed} ${needed} REQUIRED)
        endforeach()
        target_link_libraries(PkgConfig::brotli INTERFACE ${archive_of_brotlicommon})
        target_link_libraries(PkgConfig::idn2 INTERFACE ${archive_of_unistring})
        target_link_libraries(PkgConfig::psl INTERFACE ${archive_of_idn2} ${archive_of_unistring})
    endif()
endfunction()
