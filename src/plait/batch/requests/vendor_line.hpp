#pragma once

#include "plait/batch/call/batch_format.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace plait::batch {

/// What a vendor's job says for all of its lines, and the lines don't.
class VendorJob {
  public:
    VendorJob() {}

    /// Of requests that name none: Gemini's and Mistral's.
    std::string model;
    /// The path that Mistral's requests are sent to.
    std::string endpoint = "/v1/chat/completions";
    /// The base URL, which may end with a version of its own.
    std::string base_url;
};

/// Turns lines of a vendor's batch file into request lines of plait. For one thread at a time.
///
///     {"custom_id": "a", "params": {"model": "m"}}    // Anthropic
///     {"custom_id": "a", "method": "POST", "url": "/v1/messages", "body": {"model": "m"}}
///
/// The request itself is kept byte for byte, except that a missing `model` of Mistral's is put in front.
class VendorLineReader {
  public:
    VendorLineReader(BatchFormat format, VendorJob job);
    VendorLineReader(VendorLineReader&&) noexcept;
    ~VendorLineReader();

    /// Returns the request line, valid until the next call. Throws `Error(bad_input)` if the line is not one of the
    /// vendor's.
    std::string_view translate(std::string_view text);

    /// Throws `Error(bad_input)` if the first line of the file `name` shows that the file is of another kind, or that
    /// the model is missing: all other lines would fail likewise.
    void check_first(std::string_view text, std::string_view name);

    /// The id of the last line, also of one that was refused; empty: none was found.
    const std::string& id() const noexcept;

  private:
    struct Buffers;

    BatchFormat format_;
    VendorJob job_;
    std::unique_ptr<Buffers> buffers_;
};

/// Whether requests of this vendor may leave their model to the job: `--model`.
bool takes_model(BatchFormat format) noexcept;

}  // namespace plait::batch
