#pragma once

#include <string_view>

// The files of page/, embedded into the library by cmake/PlaitEmbed.cmake.
namespace plait::report::internal {

extern const std::string_view page_template;  ///< HTML with placeholders such as `{{style}}`
extern const std::string_view page_style;
extern const std::string_view page_charts_library;
extern const std::string_view page_script;

}  // namespace plait::report::internal
