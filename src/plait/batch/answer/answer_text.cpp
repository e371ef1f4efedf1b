#include "plait/batch/answer/answer_text.hpp"

#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"

#include <cstddef>

namespace plait::batch {

namespace {

constexpr std::size_t longest_text = 100 * 1024 * 1024;

}  // namespace

AnswerText::AnswerText(const http::Response& response) : text_(response.body) {
    if (!response.saved_body || response.saved_body->size() > longest_text) return;
    try {
        from_file_ = read_file(response.saved_body->path(), longest_text);
        text_ = from_file_;
    } catch (const Error&) {
        // Somebody removed the file. That it can't be kept either is reported when it should be.
    }
}

}  // namespace plait::batch
