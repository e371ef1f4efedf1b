// A body in content codings: on the first line their names, as in Content-Encoding, then the bytes; whole, and in
// pieces.
#include "plait/http/transfer/internal/body_receiver.hpp"

#include "target.hpp"
#include <algorithm>
#include <string>

using namespace plait;
using namespace plait::http;

namespace {

constexpr std::size_t most_bytes = 1 << 16;

/// What came of the body when it arrives in pieces of `size` bytes.
std::string outcome(std::string_view codings, std::string_view bytes, std::size_t size) {
    Limits limits;
    limits.body_bytes = most_bytes;
    BodyMemory memory(1 << 24);
    Response response;
    response.status = 200;
    response.headers.add("Content-Encoding", codings);
    try {
        http::internal::BodyReceiver body(response, limits, memory, http::internal::Decoding::on);
        body.begin(std::nullopt);
        for (; !bytes.empty(); bytes.remove_prefix(std::min(size, bytes.size()))) body.put(bytes.substr(0, size));
        body.end();
    } catch (const Error&) {
        return "an error";  // which one depends on the bytes that were there when it was found
    }
    PLAIT_ASSERT(response.body.size() <= most_bytes, "a body keeps its limit");
    return response.body;
}

}  // namespace

void feed(std::string_view bytes) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view codings = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    const std::string whole = outcome(codings, bytes, std::max<std::size_t>(bytes.size(), 1));
    PLAIT_ASSERT(outcome(codings, bytes, 1) == whole, "a body is the same in any pieces");
    PLAIT_ASSERT(outcome(codings, bytes, 7) == whole, "a body is the same in any pieces");
}
