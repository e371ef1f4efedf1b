#include "plait/http/connect/internal/connect_handshake.hpp"

#include "plait/base/text/trim.hpp"
#include "plait/base/text/words.hpp"
#include "plait/http/connect/internal/proxy_error.hpp"
#include "plait/http/connect/internal/proxy_login.hpp"
#include "plait/http/login/credentials.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/http/message/internal/request_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace plait::http::internal {

namespace {

constexpr std::size_t longest_quote = 200;

/// What a refusal's body says in one line: its title if it is HTML, else its first line.
std::string gist_of(std::string_view body) {
    constexpr std::string_view blanks = " \t\r\n";
    std::string_view text = trimmed(body, blanks);
    if (text.starts_with('<')) {
        const auto begin = text.find("<title>");
        const auto begin_in_capitals = text.find("<TITLE>");
        const auto title = std::min(begin, begin_in_capitals);
        if (title == std::string_view::npos) return {};
        text.remove_prefix(title + std::string_view("<title>").size());
        text = text.substr(0, text.find('<'));
    }
    text = trimmed(text, blanks);
    return printable(text.substr(0, text.find_first_of("\r\n")), longest_quote);
}

/// Whether asking again may help: the proxy is in trouble, or was asked too often.
bool may_pass(int status) { return status >= 500 || status == 408 || status == 425 || status == 429; }

}  // namespace

ConnectHandshake::ConnectHandshake(const Proxy& proxy, const net::Endpoint& target) : proxy_(proxy) {
    const std::string authority = target.to_string();
    output_ = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\nUser-Agent: {1}\r\n", authority, user_agent);
    if (proxy.credentials)
        output_ += fmt::format("Proxy-Authorization: {}\r\n", basic_authorization(*proxy.credentials));
    output_ += "\r\n";
}

std::size_t ConnectHandshake::wanted() const {
    switch (state_) {
        case State::head:
            // At least an end of line and an empty line are missing, and no byte behind them may be read.
            return head_.ends_with('\n') || head_.ends_with("\n\r") ? 1 : 2;
        case State::refusal_body:
            return body_bytes_ - body_.size();
        case State::open:
            break;
    }
    return 0;
}

void ConnectHandshake::receive(std::string_view bytes) {
    if (state_ == State::refusal_body) {
        body_ += bytes;
        if (body_.size() == body_bytes_) refuse();
        return;
    }
    head_ += bytes;
    if (head_.size() > most_head_bytes)
        fail(fmt::format("its answer has more than {} bytes of header", most_head_bytes));
    constexpr std::string_view start = "HTTP/1.";
    if (!head_.starts_with(start.substr(0, head_.size())))
        fail(fmt::format("it does not speak HTTP: \"{}\"", printable(head_, longest_quote)));
    if (head_.ends_with("\n\r\n") || head_.ends_with("\n\n")) end_head();
}

void ConnectHandshake::end_head() {
    const std::string line(trimmed(std::string_view(head_).substr(0, head_.find('\n')), " \t\r"));
    const auto blank = line.find(' ');
    status_text_ = blank == std::string::npos ? "" : std::string(trimmed(line.substr(blank)));
    const auto* const begin = status_text_.data();
    const auto code = std::from_chars(begin, begin + status_text_.size(), status_);
    if (code.ec != std::errc() || code.ptr != begin + 3)
        fail(fmt::format("it does not speak HTTP: \"{}\"", printable(line, longest_quote)));
    if (status_ / 100 == 1) {  // the final answer follows (RFC 9110, section 15.2)
        head_.clear();
        return;
    }
    if (status_ / 100 == 2) {
        state_ = State::open;
        return;
    }
    state_ = State::refusal_body;
    body_bytes_ = most_body_bytes;
    std::size_t length = 0;
    const std::string_view given = field("Content-Length");
    if (std::from_chars(given.data(), given.data() + given.size(), length).ec == std::errc())
        body_bytes_ = std::min(length, most_body_bytes);
    // A refused connection is not used again, so what is left of the body does not matter. One that stays open and
    // says no length has nothing to say.
    if (given.empty() && equal_ignoring_case(field("Connection"), "keep-alive")) body_bytes_ = 0;
    if (body_bytes_ == 0) refuse();
}

void ConnectHandshake::receive_end() {
    if (state_ == State::refusal_body) refuse();
    fail(head_.empty() ? "it has closed the connection without an answer" : "its answer is cut short");
}

/// The first field of this name; empty: there is none.
std::string_view ConnectHandshake::field(std::string_view name) const {
    std::string_view rest = head_;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), rest.size() - 1);
        const std::string_view line = rest.substr(0, end);
        const auto colon = line.find(':');
        if (colon != std::string_view::npos && equal_ignoring_case(line.substr(0, colon), name))
            return trimmed(line.substr(colon + 1), " \t\r");
        rest.remove_prefix(end + 1);
    }
    return {};
}

void ConnectHandshake::refuse() const {
    std::string said = fmt::format("it refused with \"{}\"", printable(status_text_, longest_quote));
    if (const auto detail = field("X-Squid-Error"); !detail.empty()) said += fmt::format(", {}", printable(detail));
    if (const std::string gist = gist_of(body_); !gist.empty() && status_text_.find(gist) == std::string::npos)
        said += fmt::format(": {}", gist);
    if (status_ == 407) said += "; " + refusal_of_login(proxy_, field("Proxy-Authenticate"));
    throw ProxyError(said, !may_pass(status_));
}

void ConnectHandshake::fail(std::string_view why) const { throw ProxyError(std::string(why), false); }

}  // namespace plait::http::internal
