#include "plait/async/internal/task_record.hpp"

namespace plait::internal {

trace::Activity activity_of(const TaskRecord& task) noexcept {
    switch (task.state) {
        case trace::TaskState::running:
            return trace::Activity::running;
        case trace::TaskState::waiting:
            return task.waits_for == trace::Activity::other ? trace::activity_of(task.wait) : task.waits_for;
        default:
            return trace::Activity::ready;
    }
}

}  // namespace plait::internal
