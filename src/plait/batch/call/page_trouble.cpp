#include "plait/batch/call/page_trouble.hpp"

#include "plait/batch/follow/next_request.hpp"

namespace plait::batch {

std::string page_trouble(const Call& call, const FollowRule* usual, bool each_page) {
    if (each_page && is_page_id(call.custom_id))
        return "its custom_id ends like that of a page (--each-page), in # and a number: use another one";
    const FollowRule* const rule = call.rules.follow ? call.rules.follow.get() : usual;
    if (!rule || !rule->pages()) return "";
    const std::string why = why_not_paged(*rule->pages(), call.request);
    return why.empty() ? "" : "its pages can't be fetched: " + why;
}

}  // namespace plait::batch
