#include "plait/trace/activity.hpp"

namespace plait::trace {

const std::array<ActivityName, activity_count> activity_names{{
    {Activity::running, 'R', "running"},
    {Activity::ready, 'r', "ready"},
    {Activity::dns, 'd', "dns"},
    {Activity::connect, 'c', "connect"},
    {Activity::tls, 't', "tls"},
    {Activity::sending, 's', "sending"},
    {Activity::first_byte, 'f', "first byte"},
    {Activity::body, 'b', "body"},
    {Activity::permit, 'p', "permit"},
    {Activity::back_off, 'w', "back-off"},
    {Activity::worker, 'k', "worker"},
    {Activity::other, 'o', "other"},
}};

std::string_view to_string(Activity activity) noexcept {
    return activity_names[static_cast<std::size_t>(activity)].name;
}

char letter_of(Activity activity) noexcept { return activity_names[static_cast<std::size_t>(activity)].letter; }

}  // namespace plait::trace
