#include "plait/http/incoming/request_reader.hpp"

#include "plait/base/error.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <cstdint>
#include <optional>

namespace plait::http {

namespace {

namespace beast = boost::beast::http;

constexpr int bad_request = 400;
constexpr int content_too_large = 413;
constexpr int header_fields_too_large = 431;

/// Writes the parts of one request into a `ReceivedRequest`, as Boost.Beast's parser finds them.
class RequestParser final : public beast::basic_parser<true> {
  public:
    RequestParser(ReceivedRequest& request, const RequestBounds& bounds) : request_(request) {
        header_limit(static_cast<std::uint32_t>(bounds.header_bytes));
        body_limit(bounds.body_bytes);
        eager(true);
    }

  private:
    using error_code = boost::beast::error_code;
    using string_view = boost::beast::string_view;

    void on_request_impl(beast::verb, string_view method, string_view target, int version, error_code&) override {
        request_.method.assign(method.data(), method.size());
        request_.target.assign(target.data(), target.size());
        request_.is_http_1_0 = version < 11;
    }
    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_field_impl(beast::field, string_view name, string_view value, error_code& error) override {
        try {
            request_.headers.add({name.data(), name.size()}, {value.data(), value.size()});
        } catch (const Error&) {
            error = beast::error::bad_value;
        }
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view bytes, error_code&) override {
        request_.body.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& error) override {
        return on_body_impl(bytes, error);
    }
    void on_finish_impl(error_code&) override {}

    ReceivedRequest& request_;
};

}  // namespace

void ReceivedRequest::clear() {
    method.clear();
    target.clear();
    headers.clear();
    body.clear();
}

class RequestReader::Implementation {
  public:
    explicit Implementation(RequestBounds bounds) : bounds_(bounds) { begin(); }

    Progress receive(std::string_view bytes);
    bool has_head() const { return parser_->is_header_done(); }
    const ReceivedRequest& request() const noexcept { return request_; }
    int refusal() const noexcept { return refusal_; }
    bool take_expectation();

  private:
    std::size_t parse(std::string_view bytes);
    void begin();

    const RequestBounds bounds_;
    ReceivedRequest request_;
    std::optional<RequestParser> parser_;  ///< a new one for each request: Beast's can't be reused
    std::string pending_;                  ///< received, and too little to be parsed, or part of later requests
    int refusal_ = 0;
    bool told_to_continue_ = false;
};

void RequestReader::Implementation::begin() {
    request_.clear();
    parser_.emplace(request_, bounds_);
    told_to_continue_ = false;
}

RequestReader::Progress RequestReader::Implementation::receive(std::string_view bytes) {
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
    if (pending_.size() > bounds_.header_bytes) {
        refusal_ = header_fields_too_large;
        return Progress::refused;
    }
    return Progress::needs_more;
}

std::size_t RequestReader::Implementation::parse(std::string_view bytes) {
    if (bytes.empty()) return 0;
    boost::beast::error_code error;
    const std::size_t parsed = parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error == beast::error::header_limit) {
        refusal_ = header_fields_too_large;
    } else if (error == beast::error::body_limit) {
        refusal_ = content_too_large;
    } else if (error && error != beast::error::need_more) {
        refusal_ = bad_request;
    }
    return parsed;
}

bool RequestReader::Implementation::take_expectation() {
    if (told_to_continue_ || !parser_->is_header_done() || parser_->is_done()) return false;
    told_to_continue_ = true;
    const auto expectation = request_.headers.get("Expect");
    return expectation && equal_ignoring_case(*expectation, "100-continue");
}

RequestReader::RequestReader(RequestBounds bounds) : implementation_(std::make_unique<Implementation>(bounds)) {}
RequestReader::~RequestReader() = default;
RequestReader::Progress RequestReader::receive(std::string_view bytes) { return implementation_->receive(bytes); }
bool RequestReader::has_head() const { return implementation_->has_head(); }
const ReceivedRequest& RequestReader::request() const noexcept { return implementation_->request(); }
int RequestReader::refusal() const noexcept { return implementation_->refusal(); }
bool RequestReader::take_expectation() { return implementation_->take_expectation(); }

}  // namespace plait::http
