#include "plait/mock/internal/request_reader.hpp"

#include "plait/base/error.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include <limits>

namespace plait::mock::internal {

namespace {

constexpr int bad_request = 400;
constexpr int content_too_large = 413;
constexpr int header_fields_too_large = 431;

}  // namespace

void ReceivedRequest::clear() {
    method.clear();
    target.clear();
    headers.clear();
    body.clear();
}

RequestParser::RequestParser(ReceivedRequest& request, const MockOptions& limits) : request_(request) {
    header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    body_limit(limits.request_body_bytes);
    eager(true);
}

void RequestParser::on_request_impl(boost::beast::http::verb, string_view method, string_view target, int version,
                                    error_code&) {
    request_.method.assign(method.data(), method.size());
    request_.target.assign(target.data(), target.size());
    request_.is_http_1_0 = version < 11;
}

void RequestParser::on_field_impl(boost::beast::http::field, string_view name, string_view value, error_code& error) {
    try {
        request_.headers.add({name.data(), name.size()}, {value.data(), value.size()});
    } catch (const Error&) {
        error = boost::beast::http::error::bad_value;
    }
}

std::size_t RequestParser::on_body_impl(string_view bytes, error_code&) {
    request_.body.append(bytes.data(), bytes.size());
    return bytes.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& error) {
    return on_body_impl(bytes, error);
}

RequestReader::RequestReader(const MockOptions& limits) : limits_(limits) { begin(); }

void RequestReader::begin() {
    request_.clear();
    parser_.emplace(request_, limits_);
    told_to_continue_ = false;
}

RequestReader::Progress RequestReader::receive(std::string_view bytes) {
    if (parser_->is_done()) begin();
    if (pending_.empty()) {
        pending_.append(bytes.substr(parse(bytes)));
    } else {
        pending_.append(bytes);
        pending_.erase(0, parse(pending_));
    }
    if (refusal_) return Progress::refused;
    if (parser_->is_done()) {
        request_.keep_alive = parser_->keep_alive();
        return Progress::complete;
    }
    // The rest of an unfinished request is part of its head, or of the text between chunks.
    if (pending_.size() > limits_.header_bytes) {
        refusal_ = header_fields_too_large;
        return Progress::refused;
    }
    return Progress::needs_more;
}

std::size_t RequestReader::parse(std::string_view bytes) {
    if (bytes.empty()) return 0;
    boost::beast::error_code error;
    const std::size_t parsed = parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    using boost::beast::http::error::body_limit;
    using boost::beast::http::error::header_limit;
    using boost::beast::http::error::need_more;
    if (error == header_limit) {
        refusal_ = header_fields_too_large;
    } else if (error == body_limit) {
        refusal_ = content_too_large;
    } else if (error && error != need_more) {
        refusal_ = bad_request;
    }
    return parsed;
}

bool RequestReader::take_expectation() {
    if (told_to_continue_ || !parser_->is_header_done() || parser_->is_done()) return false;
    told_to_continue_ = true;
    const auto expectation = request_.headers.get("Expect");
    return expectation && http::equal_ignoring_case(*expectation, "100-continue");
}

}  // namespace plait::mock::internal
