#pragma once

#include "plait/batch/call/call.hpp"
#include "plait/batch/lines/input_notes.hpp"
#include "plait/batch/requests/secret_expander.hpp"
#include "plait/http/headers.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace plait::batch {

/// `url` as it is. Throws `Error(bad_input)` when it can't stand before other URLs.
std::string checked_base_url(std::string_view url);

/// What holds for every request of a run unless its line says otherwise.
class RequestDefaults {
  public:
    RequestDefaults() {}

    /// Stands before a URL that begins with `/` or has no scheme: `https://api.example/v1` and `/items` make
    /// `https://api.example/v1/items`, and so does `/v1/items`. Empty: every URL has to be whole.
    std::string base_url;
    /// A header of the same name in a line replaces all of these.
    http::Headers headers;
    /// Whether a request may be sent twice, where neither its method, its key nor its line says so.
    bool safe_to_repeat = false;
    /// Each request that is not safe to repeat by its method has an automatic idempotency key, unless its line has one.
    bool automatic_keys = false;
    /// What lines may name; any other name is sent as it stands.
    PermittedSecrets permitted_secrets;
    /// Whether secrets are put where they are named, or only looked for.
    SecretExpander::Put put_secrets = SecretExpander::Put::values;
    /// Learns each secret that is permitted; null, or it outlives the readers.
    Secrets* secrets = nullptr;
    /// Learns what lines have that may not be meant so; null, or it outlives the readers.
    InputNotes* notes = nullptr;
    /// Automatic idempotency keys are made from this and the call's `custom_id`: the id of the run, which does not
    /// change when the run is resumed. Empty: a line that asks for a key is refused.
    std::string key_seed;
};

/// Makes calls of URLs and of request lines (docs/formats.md). Not for two threads at once.
class RequestReader {
  public:
    explicit RequestReader(RequestDefaults defaults);
    RequestReader(RequestReader&&) noexcept;
    ~RequestReader();

    /// A GET of `url`, under the id `line-<line>`.
    SourceItem read_url(std::string_view url, std::uint64_t line);

    /// One line of JSON.
    SourceItem read_json(std::string_view text, std::uint64_t line);

  private:
    class LineParser;
    struct Tools;

    RequestDefaults defaults_;
    std::unique_ptr<Tools> tools_;
};

}  // namespace plait::batch
