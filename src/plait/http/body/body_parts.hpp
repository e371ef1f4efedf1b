#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace plait::http {

/// A body made of texts and files, which is read while it is sent: a file of any size needs no memory.
///
///     auto parts = std::make_shared<http::BodyParts>();
///     parts->add_file("video.mp4");
///     request.body_parts = std::move(parts);
class BodyParts {
  public:
    struct File {
        std::string path;
        std::uint64_t size = 0;  ///< in bytes
    };
    using Part = std::variant<std::string, File>;

    void add_text(std::string text);

    /// Takes the size of the file now. It must stay the same until the request was sent; if it doesn't, the attempt
    /// fails with `bad_input`. Throws `Error(bad_input)` when `path` is not a readable plain file.
    void add_file(std::string path);
    /// The same for a file whose size is known.
    void add_file(File file);

    /// In bytes.
    std::uint64_t size() const noexcept { return size_; }
    const std::vector<Part>& parts() const noexcept { return parts_; }

  private:
    std::vector<Part> parts_;
    std::uint64_t size_ = 0;
};

}  // namespace plait::http
