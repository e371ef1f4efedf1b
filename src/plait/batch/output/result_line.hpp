#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

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

/// Writes result lines (docs/formats.md). For one thread at a time.
class ResultLineWriter {
  public:
    explicit ResultLineWriter(BodyFormat format);
    ~ResultLineWriter();

    /// Appends the line of a call. `call.request` is not read. Times are counted from `begin`.
    void append(std::string& out, const Call& call, const CallEnd& end, TimePoint begin);

    /// Appends the line of an invalid request, which was not sent.
    void append(std::string& out, const BadLine& line);

  private:
    void append_response(std::string& out, const http::Response& response);
    void append_body(std::string& out, const http::Response& response);

    BodyFormat format_;
    struct Buffers;
    std::unique_ptr<Buffers> buffers_;
};

}  // namespace plait::batch
