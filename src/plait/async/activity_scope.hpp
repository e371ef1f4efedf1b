#pragma once

#include "plait/async/internal/scheduler.hpp"
#include "plait/trace/activity.hpp"

namespace plait {

/// While it lives, labels the waits of the calling task with an activity, for traces and dumps.
///
/// With `ActivityScope activity(trace::Activity::tls)` a wait for readable bytes counts as a wait for an encrypted
/// connection. Tasks started meanwhile inherit the label. Scopes nest; each belongs to the task that made it.
class ActivityScope {
  public:
    explicit ActivityScope(trace::Activity activity) noexcept
        : task_(internal::Scheduler::current().running()), before_(task_.waits_for) {
        task_.waits_for = activity;
    }
    ActivityScope(const ActivityScope&) = delete;
    ActivityScope& operator=(const ActivityScope&) = delete;
    ~ActivityScope() { task_.waits_for = before_; }

    /// Changes the label.
    void change_to(trace::Activity activity) noexcept { task_.waits_for = activity; }

  private:
    internal::TaskRecord& task_;
    trace::Activity before_;
};

}  // namespace plait
