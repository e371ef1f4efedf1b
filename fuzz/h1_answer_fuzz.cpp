// What a server sends in answer to a request: whole, and byte by byte.
#include "plait/http/h1/internal/h1_answer.hpp"

#include <fmt/format.h>

#include "target.hpp"
#include <algorithm>
#include <string>

using namespace plait;

namespace {

/// What came of the answer when it arrives in pieces of `size` bytes.
std::string outcome(std::string_view bytes, std::size_t size, std::string method) {
    const http::Request request(std::move(method), "http://api.example/");
    http::Limits limits;
    limits.body_bytes = 1 << 16;
    http::BodyMemory memory(1 << 20);
    http::Response response;
    http::internal::H1Answer answer(request, limits, memory, response);
    try {
        while (!answer.is_done() && !bytes.empty()) {
            answer.receive(bytes.substr(0, size));
            bytes.remove_prefix(std::min(size, bytes.size()));
        }
        if (!answer.is_done()) answer.receive_end();
    } catch (const Error&) {
        return "an error";  // which one depends on the bytes that were there when it was found
    }
    return fmt::format("{} {}", response.status, response.body);
}

}  // namespace

void feed(std::string_view bytes) {
    for (const char* method : {"GET", "HEAD"})
        PLAIT_ASSERT(outcome(bytes, bytes.size(), method) == outcome(bytes, 1, method),
                     "the answer is the same in any pieces");
}
