#pragma once

#include "plait/compare/jobs/job.hpp"
#include "plait/compare/measure/work.hpp"

#include <cstddef>
#include <string>
#include <utility>

namespace plait::compare {

/// Does the same job several times.
class JobWork final : public Work {
  public:
    JobWork(Job job, std::size_t count) : job_(std::move(job)), count_(count) {}

    std::string name() const override { return job_.name(); }
    std::size_t size() const noexcept override { return count_; }
    Measurement measure(const Way& way, const std::string& trace_path) const override;

    const Job& job() const noexcept { return job_; }

  private:
    Job job_;
    std::size_t count_;
};

}  // namespace plait::compare
