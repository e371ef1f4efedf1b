#pragma once

#include "plait/batch/call/call.hpp"
#include "plait/compare/measure/work.hpp"
#include "plait/http/redirects.hpp"
#include "plait/http/session.hpp"

#include <string>
#include <utility>
#include <vector>

namespace plait::compare {

/// Makes some calls, as `plait run` does, and drops the answers. Follows redirects, and opens new connections each
/// time.
class CallWork final : public Work {
  public:
    CallWork(std::vector<batch::Call> calls, http::SessionOptions session, http::RedirectOptions redirects = {})
        : calls_(std::move(calls)), session_(std::move(session)), redirects_(redirects) {}

    std::string name() const override { return "calls"; }
    std::size_t size() const noexcept override { return calls_.size(); }
    Measurement measure(const Way& way, const std::string& trace_path) const override;

    const std::vector<batch::Call>& calls() const noexcept { return calls_; }
    const http::SessionOptions& session() const noexcept { return session_; }
    const http::RedirectOptions& redirects() const noexcept { return redirects_; }

  private:
    std::vector<batch::Call> calls_;
    http::SessionOptions session_;
    http::RedirectOptions redirects_;
};

}  // namespace plait::compare
