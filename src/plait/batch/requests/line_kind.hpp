#pragma once

#include "plait/batch/call/batch_format.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

// Which program's file a line is from, and what to do with a file of another kind than requests.

/// The fields of a line that tell one program's lines from another's.
class LineSigns {
  public:
    LineSigns() {}

    bool url = false, body = false, params = false, request = false;
    std::string path;                 ///< the URL, if it is a path of OpenAI's
    bool header = false;              ///< of vegeta: an object of lists
    bool log = false;                 ///< of a HAR
    bool info = false, item = false;  ///< of a collection of Postman

    /// The kind of file, if `plait convert` makes requests of it; empty: nothing that is known.
    std::string_view convertible() const noexcept;

    /// The vendor whose lines look like this.
    std::optional<BatchFormat> vendor() const noexcept;
};

/// Returns the signs of a line; nothing if it is not a JSON object.
std::optional<LineSigns> signs_of(std::string_view text);

/// Begins the error of a file `name` that is of another kind than `format`, up to what its first line is:
/// `a.jsonl is not an openai-batch file: its first line `.
std::string not_a_batch(std::string_view name, BatchFormat format);

/// If this line is that of another program than the one that `format` is for, returns a sentence that says so and names
/// what to do: `looks like an Anthropic batch: --format anthropic-batch`.
std::optional<std::string> hint_at_format(std::string_view text, BatchFormat format);

/// Whether this line is no URL, and has more than one cell.
bool is_like_csv(std::string_view line);

/// Throws `Error(bad_input)` if the first line of the file `name`, which is to have requests, shows that all its lines
/// are of another kind, and says how to make requests of them.
void refuse_other_kind(std::string_view text, std::string_view name, bool has_base_url);

}  // namespace plait::batch
