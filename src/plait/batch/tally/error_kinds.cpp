#include "plait/batch/tally/error_kinds.hpp"

#include "plait/base/text/words.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace plait::batch {

namespace {

std::string kind_of(const CallEnd& end) {
    if (end.error) return std::string(to_string(end.error->code));
    return fmt::format("status {}", end.response ? end.response->status : 0);
}

std::string message_of(const CallEnd& end) {
    std::string_view text = end.error ? std::string_view(end.error->message) : std::string_view();
    if (text.empty() && end.response) text = end.response->body;
    return printable(text, ErrorKinds::longest_text);
}

std::string request_of(const Call& call, const Secrets* secrets) {
    std::string url = call.request.url.text();
    if (secrets) secrets->redact(url);
    return fmt::format("{} {}", call.request.method(), printable(url, ErrorKinds::longest_text));
}

}  // namespace

void ErrorKinds::add(const Call& call, const CallEnd& end, const Secrets* secrets, TimePoint now) {
    Example* const example = count(kind_of(end), now);
    if (!example) return;
    example->custom_id = printable(call.custom_id, longest_text);
    example->line = call.line;
    example->request = request_of(call, secrets);
    example->message = message_of(end);
}

void ErrorKinds::add(const BadLine& line, TimePoint now) {
    Example* const example = count(std::string(to_string(ErrorCode::bad_input)), now);
    if (!example) return;
    example->custom_id = printable(line.custom_id, longest_text);
    example->line = line.line;
    example->request.clear();
    example->message = printable(line.message, longest_text);
}

ErrorKinds::Example* ErrorKinds::count(std::string kind, TimePoint now) {
    if (kinds_.size() >= most_kinds && !kinds_.contains(kind)) kind = "other";
    const auto [place, is_new] = kinds_.try_emplace(std::move(kind));
    Kind& counted = place->second;
    ++counted.count;
    if (!is_new && now - counted.latest.when < renewal) return nullptr;
    counted.latest.when = now;
    return &counted.latest;
}

}  // namespace plait::batch
