#include "plait/batch/run/saved_bodies.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/output/body_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace plait::batch {

namespace {

void keep_as(const std::shared_ptr<http::SavedBody>& body, const std::string& name, bool durable) {
    body->keep_as(name, durable);
}

/// No id has such a file, as a `#` in it is encoded.
std::string page_file_name(const std::string& name, std::size_t page) {
    return page == 1 ? name : fmt::format("{}#{}", name, page);
}

}  // namespace

bool SavedBodies::are_in(const CallEnd& end) {
    const auto is_file = [](const http::Response& page) { return page.saved_body != nullptr; };
    return (end.response && is_file(*end.response)) || std::any_of(end.pages.begin(), end.pages.end(), is_file);
}

Task<bool> SavedBodies::keep(const std::string& custom_id, CallEnd& end) {
    try {
        const std::string name = body_file_name(custom_id);
        std::size_t page = 0;
        for (const http::Response& one : end.pages) {
            ++page;
            co_await keep_body(one.saved_body, page_file_name(name, page));
        }
        if (end.response) co_await keep_body(end.response->saved_body, page_file_name(name, page + 1));
        co_return true;
    } catch (const Error& error) {
        end.response.reset();
        end.pages.clear();
        end.outcome = Outcome::unknown;
        end.error.emplace(error.code(), error.what(), false, true);
        co_return false;
    }
}

/// The disk is waited for on another thread. Throws `Error(storage)`.
Task<void> SavedBodies::keep_body(std::shared_ptr<http::SavedBody> body, std::string name) {
    if (!body) co_return;
    if (blocks_loop_) {
        // The next attempt would keep this loop from writing the result.
        keep_as(body, name, is_durable_);
    } else {
        // Whatever stops the run, the answer is there.
        constexpr Duration as_long_as_it_takes = std::chrono::hours(24 * 365);
        co_await shielded(as_long_as_it_takes, disk_.submit(keep_as, body, name, is_durable_));
    }
}

}  // namespace plait::batch
