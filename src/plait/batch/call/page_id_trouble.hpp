#pragma once

#include <string_view>

namespace plait::batch {

/// Why a call whose id `is_page_id` can't have a result for each page.
inline constexpr std::string_view page_id_trouble =
    "its custom_id ends like that of a page (--each-page), in # and a number: use another one";

}  // namespace plait::batch
