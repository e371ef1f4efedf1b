#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call/batch_format.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/call/secrets.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace plait::json {
class TextWriter;
}

namespace plait::batch {

/// The form of an answer's body in its result line.
enum class BodyFormat {
    automatic,  ///< JSON as JSON; else text; else base64
    text,       ///< text if it is UTF-8, else base64
    base64,     ///< always, so that every byte is kept
};

/// The names of the forms, for flags.
inline constexpr std::array<std::pair<std::string_view, BodyFormat>, 3> body_formats{
    {{"auto", BodyFormat::automatic}, {"text", BodyFormat::text}, {"base64", BodyFormat::base64}}};

/// How results are written.
struct ResultFormat {
    BodyFormat body = BodyFormat::automatic;
    /// Whether JSON bodies with numbers beyond doubles or 64 bits are written as text, too.
    bool strict_json = false;
    /// The vendor whose format the lines have. Plait's own have all fields of OpenAI's and Mistral's. Anthropic's and
    /// Gemini's hold the answer as JSON, so `body` must be `automatic`.
    BatchFormat batch = BatchFormat::plait;
    /// Whether each page of a call that has pages is a result of its own, instead of an element of `pages`.
    bool each_page = false;
};

/// Writes result lines (docs/formats.md). For one thread at a time.
///
/// A JSON body is written as text when strict readers would refuse it (`json::Oddities`): with it, they would refuse
/// all other results.
class ResultLineWriter {
  public:
    /// Redacts `secrets`, if given, in the URLs of requests; everything else must have been redacted before.
    explicit ResultLineWriter(const ResultFormat& format, const Secrets* secrets = nullptr);
    ~ResultLineWriter();

    /// Appends the line of a call or, with `each_page`, those of its pages. Of `call.request`, only method and URL are
    /// read. Times are counted from `begin`.
    void append(std::string& out, const Call& call, const CallEnd& end, TimePoint begin);

    /// Appends the line of an invalid request, which was not sent.
    void append(std::string& out, const BadLine& line);

  private:
    /// What a line says of its request.
    struct Head;

    void append(json::TextWriter& out, const Head& head, const CallEnd& end, TimePoint begin);
    void append_pages(json::TextWriter& out, const Call& call, const CallEnd& end, TimePoint begin);
    void append_page_list(json::TextWriter& out, const CallEnd& end);
    void append_anthropic(json::TextWriter& out, const Head& head, const CallEnd& end, TimePoint begin);
    void append_gemini(json::TextWriter& out, const Head& head, const CallEnd& end, TimePoint begin);
    void append_head(json::TextWriter& out, const Head& head, Outcome outcome);
    void append_target(json::TextWriter& out, const http::Request* request);
    void append_partial(json::TextWriter& out, const CallEnd& end);
    void append_response(json::TextWriter& out, const CallEnd& end, bool has_body = true);
    void append_response(json::TextWriter& out, const http::Response& response, bool has_body = true);
    void append_body(json::TextWriter& out, const http::Response& response);
    std::optional<std::string_view> json_body(const http::Response& response);

    ResultFormat format_;
    const Secrets* secrets_;
    struct Buffers;
    std::unique_ptr<Buffers> buffers_;
};

}  // namespace plait::batch
