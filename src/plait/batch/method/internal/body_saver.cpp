#include "plait/batch/method/internal/body_saver.hpp"

#include "plait/base/error.hpp"

#include <memory>
#include <string>
#include <utility>

namespace plait::batch::internal {

namespace {

/// Runs on the thread.
std::shared_ptr<http::SavedBody> write_file(std::string folder, std::string body) {
    auto saved = std::make_shared<http::SavedBody>(folder);
    saved->append(body);
    saved->flush();
    return saved;
}

}  // namespace

Task<Attempt> BodySaver::save(Attempt attempt) {
    auto* answer = attempt.response();
    if (!answer) answer = attempt.failure()->partial.get();
    if (!answer || answer->body.size() <= folder_.inline_bytes) co_return attempt;
    try {
        answer->saved_body = co_await disk_.submit(write_file, folder_.path, std::move(answer->body));
        answer->body.clear();
    } catch (const Error& error) {
        co_return Failure(error.code(), error.what(), true);
    }
    co_return attempt;
}

}  // namespace plait::batch::internal
