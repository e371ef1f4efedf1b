#pragma once

#include <string_view>

// The files of page/ and live/, embedded into the library by cmake/PlaitEmbed.cmake.
namespace plait::report::internal {

extern const std::string_view page_template;  ///< HTML with placeholders such as `{{style}}`
extern const std::string_view page_style;
extern const std::string_view page_charts_library;
extern const std::string_view page_script;

extern const std::string_view live_template;
extern const std::string_view live_style;
extern const std::string_view live_script;

}  // namespace plait::report::internal
