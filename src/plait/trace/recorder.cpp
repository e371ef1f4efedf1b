#include "plait/trace/recorder.hpp"

namespace plait::trace {

std::string_view to_string(TaskState state) noexcept {
    switch (state) {
        case TaskState::created:
            return "created";
        case TaskState::ready:
            return "ready";
        case TaskState::running:
            return "running";
        case TaskState::waiting:
            return "waiting";
        case TaskState::done:
            return "done";
    }
    return "?";
}

std::string_view to_string(Wait wait) noexcept {
    switch (wait) {
        case Wait::nothing:
            return "nothing";
        case Wait::time:
            return "time";
        case Wait::readable:
            return "readable";
        case Wait::writable:
            return "writable";
        case Wait::event:
            return "event";
        case Wait::permit:
            return "permit";
        case Wait::item:
            return "item";
        case Wait::room:
            return "room";
        case Wait::tasks:
            return "tasks";
        case Wait::thread_job:
            return "thread job";
        case Wait::process_job:
            return "process job";
    }
    return "?";
}

Activity activity_of(Wait wait) noexcept {
    switch (wait) {
        case Wait::permit:
            return Activity::permit;
        case Wait::thread_job:
        case Wait::process_job:
            return Activity::worker;
        default:
            return Activity::other;
    }
}

}  // namespace plait::trace
