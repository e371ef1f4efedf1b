#pragma once

#include "plait/batch/call/batch_format.hpp"
#include "plait/batch/lines/input_notes.hpp"
#include "plait/batch/requests/secret_expander.hpp"
#include "plait/batch/rows/row_options.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/http/message/url.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace plait::batch {

/// Returns `url`. Throws `Error(bad_input)` when it can't be a base URL.
std::string checked_base_url(std::string_view url);

/// Settings for every request of a run, unless its line says otherwise.
class RequestDefaults {
  public:
    RequestDefaults() {}

    /// The form of the lines. A vendor's lines are POSTs to its API, and `base_url` is its own if it is empty.
    BatchFormat format = BatchFormat::plait;
    /// The model of a vendor's requests that name none. Empty: each must name one.
    std::string model;
    /// The path that Mistral's requests are sent to. Empty: that of chat completions.
    std::string endpoint;
    /// Put before a URL that starts with `/` or has no scheme: `https://api.example/v1` and `/items` make
    /// `https://api.example/v1/items`, and so does `/v1/items`. Empty: every URL must be absolute.
    std::string base_url;
    /// Sent with each request. A header in a line replaces all of these with its name.
    http::Headers headers;
    /// Whether a request is safe to repeat when neither its method, its key nor its line says so.
    bool safe_to_repeat = false;
    /// Whether requests with a method that is not safe to repeat get an automatic idempotency key, unless the line has
    /// one.
    bool automatic_keys = false;
    /// The secrets that lines may name. Any other name is sent verbatim.
    PermittedSecrets permitted_secrets;
    /// Whether secrets replace their names, or names are only looked for.
    SecretExpander::Put put_secrets = SecretExpander::Put::values;
    /// Receives each permitted secret. May be null; must outlive the readers.
    Secrets* secrets = nullptr;
    /// Receives oddities of lines. May be null; must outlive the readers.
    InputNotes* notes = nullptr;
    /// Automatic idempotency keys are made from this and the call's `custom_id`. It is the run's id, which stays the
    /// same when the run is resumed. Empty: a line that asks for a key is refused.
    std::string key_seed;
    /// Whether an input is refused as a whole if its first line shows that it is of another kind: rows of CSV, a
    /// vendor's batch, or the input of another program.
    bool refuses_other_kinds = false;
    /// The templates for an input of rows. Not given: the input has requests.
    RowOptions rows;
};

/// Joins the URL of a line with the base URL, if it needs one. Throws `Error(bad_input)`.
http::Url whole_url(std::string_view url, std::uint64_t line, const RequestDefaults& defaults);

}  // namespace plait::batch
