#include "plait/http/transfer/internal/body_writer.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/base/error.hpp"

#include <memory>
#include <utility>

namespace plait::http::internal {

namespace {

// With its own share of the body: the task that waits may be gone before the disk answers.
void write_block(const std::shared_ptr<SavedBody>& body, const SavedBody::Block& block) { body->write(block); }

}  // namespace

Task<void> ThreadBodyWriter::write(const Response& response, TimePoint deadline) {
    std::shared_ptr<SavedBody> body = response.saved_body;
    if (!body || !body->has_pending()) co_return;
    SavedBody::Block block = body->take_block();
    CancelScope scope(deadline);
    const bool is_written =
        co_await scope.run(threads_.submit_abandonable(write_block, std::move(body), std::move(block)));
    if (!is_written) throw Error(ErrorCode::timeout, "the attempt ran out of time while the body was written");
}

}  // namespace plait::http::internal
