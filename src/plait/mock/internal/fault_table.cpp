#include "plait/mock/internal/fault_table.hpp"

#include "plait/coding/encoder.hpp"
#include "plait/mock/fault.hpp"

#include <array>
#include <charconv>
#include <string>

namespace plait::mock {

namespace internal {

namespace {

constexpr std::string_view line_end = "\r\n";

/// Replaces the line of the head that starts with this.
void replace_line(std::string& head, std::string_view beginning, std::string_view line) {
    const auto start = head.find(beginning);
    if (start == std::string::npos) return;
    head.replace(start, head.find(line_end, start) - start, line);
}

void send_nothing(Delivery& delivery) {
    delivery.head.clear();
    delivery.body.clear();
    delivery.fill = 0;
}

void send_head_only(Delivery& delivery) {
    delivery.body.clear();
    delivery.fill = 0;
}

/// Keeps the head and half of the body; without a body, half of the head.
void send_half(Delivery& delivery) {
    const std::size_t all = delivery.body.size() + delivery.fill;
    if (all == 0) delivery.head.resize(delivery.head.size() / 2);
    const std::size_t half = all / 2;
    delivery.fill = half > delivery.body.size() ? half - delivery.body.size() : 0;
    if (half < delivery.body.size()) delivery.body.resize(half);
}

/// Makes the answer a chunked one that starts with this chunk.
void send_chunk(Delivery& delivery, std::string_view chunk) {
    replace_line(delivery.head, "Content-Length: ", "Transfer-Encoding: chunked");
    delivery.body = chunk;
    delivery.fill = 0;
}

/// Compresses the body, unless the answer has none or it is compressed already.
void send_gzip(Delivery& delivery) {
    const bool has_body = !delivery.body.empty() || delivery.fill > 0;
    if (!has_body || delivery.head.find("Content-Encoding: ") != std::string::npos) return;
    delivery.body.append(delivery.fill, 'x');
    delivery.fill = 0;
    delivery.body = coding::encode(coding::Coding::gzip, delivery.body);
    delivery.head.insert(delivery.head.find("Content-Type: "), "Content-Encoding: gzip\r\n");
}

void correct_length(Delivery& delivery) {
    if (!delivery.body.empty())
        replace_line(delivery.head, "Content-Length: ", "Content-Length: " + std::to_string(delivery.body.size()));
}

constexpr std::string_view rubbish =
    "\x16\x03\x01\xff\xfe\x80\x01plait\x02\x7f\xc3\x28\x1b[2J\x05\x0b\xf0\x9f\n\n\x01\x0e";

// Statuses come first: Fault::named relies on it.
constexpr std::array<FaultRow, fault_rows> table{{
    {"<status>", "another status, 200 to 599", [](Delivery&) {}, true},
    {"reset-before", "a reset after the head: the request was not read and does not count",
     [](Delivery& d) {
         send_nothing(d);
         d.ending = Ending::reset;
     },
     false, true},
    {goodbye, "over HTTP/2, a goodbye (GOAWAY) before the request, which was not read; over HTTP/1.1, as reset-before",
     [](Delivery& d) {
         send_nothing(d);
         d.ending = Ending::reset;
     },
     false, true},
    {http_1_1_required, "over HTTP/2, an unread reset that asks for HTTP/1.1 (HTTP_1_1_REQUIRED); over HTTP/1.1, none",
     [](Delivery&) {}, true},
    {"reset-after", "a reset after the request was read, without a byte of an answer",
     [](Delivery& d) {
         send_nothing(d);
         d.ending = Ending::reset;
     }},
    {"reset-body", "a reset in the middle of the body",
     [](Delivery& d) {
         send_half(d);
         d.ending = Ending::reset;
     }},
    {"close", "the connection is closed without a byte of an answer",
     [](Delivery& d) {
         send_nothing(d);
         d.ending = Ending::close;
     }},
    {"stall", "no byte of an answer, and the connection stays open",
     [](Delivery& d) {
         send_nothing(d);
         d.ending = Ending::stall;
     }},
    {"stall-head", "nothing after the head, and the connection stays open",
     [](Delivery& d) {
         send_head_only(d);
         d.ending = Ending::stall;
     }},
    {"stall-body", "nothing after half of the body, and the connection stays open",
     [](Delivery& d) {
         send_half(d);
         d.ending = Ending::stall;
     }},
    {"cut-length", "the connection is closed before Content-Length bytes have come",
     [](Delivery& d) {
         send_half(d);
         d.ending = Ending::close;
     }},
    {"cut-chunks", "a chunked answer is closed before its last chunk",
     [](Delivery& d) {
         send_chunk(d, "5\r\nplait\r\n");
         d.ending = Ending::close;
     }},
    {"bad-status-line", "a status that is not a number",
     [](Delivery& d) {
         replace_line(d.head, "HTTP/1.1 ", "HTTP/1.1 2x0 Fine");
         d.ending = Ending::close;
     }},
    {"bad-chunk-size", "a chunk whose size is not a number",
     [](Delivery& d) {
         send_chunk(d, "five\r\nplait\r\n0\r\n\r\n");
         d.ending = Ending::close;
     }},
    {"bad-length", "two different values of Content-Length",
     [](Delivery& d) {
         replace_line(d.head, "Content-Length: ", "Content-Length: 5\r\nContent-Length: 6");
         d.body = "plait!";
         d.fill = 0;
         d.ending = Ending::close;
     }},
    {"garbage", "bytes that are not HTTP",
     [](Delivery& d) {
         send_nothing(d);
         d.body = rubbish;
         d.ending = Ending::close;
     }},
    {"cut-gzip", "a gzip body without its second half, whose length nothing contradicts",
     [](Delivery& d) {
         send_gzip(d);
         d.body.resize(d.body.size() / 2);
         correct_length(d);
     }},
    {"bad-gzip", "a gzip body with a wrong check sum",
     [](Delivery& d) {
         send_gzip(d);
         if (d.body.size() > 8) d.body[d.body.size() - 8] = static_cast<char>(~d.body[d.body.size() - 8]);
         correct_length(d);
     }},
    {"redirect-loop", "302 to the same URL",
     [](Delivery& d) { replace_line(d.head, "HTTP/1.1 ", "HTTP/1.1 302 Found\r\nLocation: #"); }, true},
    {"drip", "the whole answer, a byte every 20 ms", [](Delivery& d) { d.per_byte = drip_interval; }, true},
    {"crash", "the server kills itself (SIGKILL) after reading the request",
     [](Delivery& d) {
         send_nothing(d);
         d.ending = Ending::crash;
     }},
}};

}  // namespace

const FaultRow& fault_row(std::size_t index) { return table[index]; }

}  // namespace internal

std::optional<Fault> Fault::named(std::string_view name) {
    int status = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), status);
    if (error == std::errc() && end == name.data() + name.size() && status >= 200 && status <= 599) {
        return Fault(0, status);
    }
    for (std::size_t row = 1; row < internal::table.size(); ++row) {
        if (internal::table[row].name == name) return Fault(row, 0);
    }
    return std::nullopt;
}

std::string Fault::names() {
    std::string names = "statuses";
    for (std::size_t row = 1; row < internal::table.size(); ++row) {
        names.append(row + 1 == internal::table.size() ? " and " : ", ").append(internal::table[row].name);
    }
    return names;
}

const internal::FaultRow& Fault::row() const noexcept { return internal::table[row_]; }

std::vector<FaultHelp> fault_help() {
    std::vector<FaultHelp> all;
    for (const internal::FaultRow& row : internal::table) all.push_back({row.name, row.help});
    return all;
}

}  // namespace plait::mock
