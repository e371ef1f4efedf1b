# plait_precompile(target): build the target with the standard headers compiled beforehand, if PLAIT_PRECOMPILE is on.
#
# It saves a quarter of the time that a sanitizer's build takes. The dev build goes without, and so proves that each file includes
# what it uses. The precompiled headers fit only targets with the flags of the whole build.
include_guard()

if(PLAIT_PRECOMPILE)
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp CONTENT "// only its headers matter\n")
    add_library(plait_precompiled OBJECT ${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp)
    target_link_libraries(plait_precompiled PRIVATE fmt::fmt)
    target_precompile_headers(plait_precompiled PRIVATE
        <algorithm> <array> <charconv> <chrono> <coroutine> <cstddef> <cstdint> <deque> <exception> <functional> <map>
        <memory> <optional> <set> <span> <string> <string_view> <utility> <variant> <vector> <fmt/format.h>)
endif()

function(plait_precompile target)
    if(PLAIT_PRECOMPILE)
        target_precompile_headers(${target} REUSE_FROM plait_precompiled)
    endif()
endfunction()
